output "name" {
  description = "The function's name, and that of the Cloud Run service beneath it."
  value       = google_cloudfunctions2_function.this.name
}

output "member" {
  description = "The function's account, for bindings on single resources."
  value       = google_service_account.this.member
}

output "account" {
  description = "The account's e-mail address."
  value       = google_service_account.this.email
}

output "account_name" {
  description = "The account's full name, for bindings on itself."
  value       = google_service_account.this.name
}

output "environment" {
  description = "The variables the function runs with."
  value       = google_cloudfunctions2_function.this.service_config[0].environment_variables
}

output "size" {
  description = "The vCPUs and GiB of an instance, and how many there may be."
  value       = { cpu = local.cpu, memory_gib = var.memory, most = var.instances.max }
}
