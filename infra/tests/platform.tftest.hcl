# What must hold for every deployment, on a plan and on an apply against a mocked provider.
mock_provider "google" {
  override_data {
    target = data.google_project.this
    values = { number = "123456789012" }
  }
}

mock_provider "time" {}

variables {
  project     = "catalog-mcp-test"
  environment = "dev"
  domain      = "catalogs.example"
  alert_email = "ops@catalogs.example"
  mcp_aliases = ["codex-mcp"]
  smtp        = { host = "smtp.example.com", sender = "no-reply@catalogs.example", user = "us", secret = "smtp-password" }
  upstreams   = [{ id = "google", name = "Google", issuer = "https://accounts.google.com", client_id = "c", secret = "google-client-secret", any_domain = true }]
  operators   = ["group:ops@catalogs.example"]
  traces      = true
  exchanges   = 2
}

run "plan" {
  command = plan
}

run "apply" {
  command = apply

  assert {
    condition     = toset([for name, url in google_compute_region_network_endpoint_group.function : name]) == toset(concat(["api", "auth", "partner", "portal"], local.alone))
    error_message = "Only the intended functions are behind the load balancer."
  }
  assert {
    condition     = google_certificate_manager_certificate.domain.managed[0].domains == tolist(["*.catalogs.example"]) && alltrue([for host in keys(local.rest) : can(regex("^[a-z0-9-]+\\.catalogs\\.example$", host))])
    error_message = "The one certificate is good for every host."
  }
  assert {
    condition     = google_firestore_database.documents.delete_protection_state == "DELETE_PROTECTION_ENABLED"
    error_message = "Documents cannot be deleted by accident."
  }
  assert {
    condition     = google_firestore_database.documents.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    error_message = "Documents can be read as they were an hour ago."
  }
  assert {
    condition     = alltrue([for bucket in [google_storage_bucket.files, google_storage_bucket.sources] : bucket.public_access_prevention == "enforced" && bucket.uniform_bucket_level_access])
    error_message = "No file is public."
  }
  assert {
    condition     = google_compute_global_forwarding_rule.https.port_range == "443"
    error_message = "Nothing answers in clear."
  }
}

run "records_no_spans_unless_asked_to" {
  command = plan
  variables { traces = false }
  assert {
    condition     = !strcontains(jsonencode(module.partner.environment), "CATALOG_MCP_TRACES")
    error_message = "Where traces are off, no function is told of a receiver."
  }
}

run "refuses_a_domain_with_a_scheme" {
  command = plan
  variables { domain = "https://catalogs.example" }
  expect_failures = [var.domain]
}

run "refuses_operators_that_are_everybody" {
  command = plan
  variables { operators = ["allUsers"] }
  expect_failures = [var.operators]
}

run "refuses_a_platform_nobody_can_sign_in_to" {
  command = plan
  variables {
    smtp      = null
    upstreams = []
  }
  expect_failures = [var.smtp]
}

# What Settings (shared/settings.py) refuses is refused here, before anything is deployed.
run "refuses_values_that_no_function_would_start_with" {
  command = plan
  variables {
    access_seconds   = 30
    api_key_prefix   = "Octo"
    dataset_prefix   = "octo-gen"
    export_every     = -1
    export_fresh_for = 0
  }
  expect_failures = [
    var.access_seconds,
    var.api_key_prefix,
    var.dataset_prefix,
    var.export_every,
    var.export_fresh_for,
  ]
}

run "refuses_values_that_google_would_refuse_late" {
  command = plan
  variables {
    mcp_aliases          = ["mcp"]
    origins              = ["https://app.example/"]
    max_instances        = { admin = 0 }
    log_days             = 0
    anonymous_per_minute = 0
  }
  expect_failures = [
    var.mcp_aliases,
    var.origins,
    var.max_instances,
    var.log_days,
    var.anonymous_per_minute,
  ]
}

run "keeps_no_more_warm_than_there_may_be" {
  command = plan
  variables { min_instances = 3 }
  expect_failures = [var.min_instances]
}

run "refuses_more_than_the_project_may_have" {
  command = plan
  variables { max_instances = { partner = 50 } }
  expect_failures = [output.largest]
}

run "takes_more_where_the_project_may_have_it" {
  command = plan
  variables {
    max_instances = { partner = 50 }
    quota         = { cpu = 100, memory_gib = 200 }
  }
}

run "adds_a_host_without_another_certificate" {
  command = plan
  variables { mcp_aliases = ["codex-mcp", "other"] }
  assert {
    condition     = google_certificate_manager_certificate.domain.managed[0].domains == tolist(["*.catalogs.example"]) && google_certificate_manager_certificate.domain.name == "catalog-mcp"
    error_message = "Another host changes nothing of the certificate that serves."
  }
}

run "refuses_more_exports_at_once_than_fit_the_tasks_functions_memory" {
  command = plan
  variables { exports_at_once = 2 }
  expect_failures = [var.exports_at_once]
}
