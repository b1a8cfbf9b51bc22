output "mcp_url" {
  description = "For partners' MCP clients."
  value       = local.environment.CATALOG_MCP_MCP_URL
}

output "api_url" {
  description = "For partners' backends; the OpenAPI document is below it."
  value       = local.environment.CATALOG_MCP_API_URL
}

output "portal_url" {
  description = "For partners' people: members, keys, usage."
  value       = local.environment.CATALOG_MCP_PORTAL_URL
}

output "destinations_url" {
  description = "What applications read of published endpoints stands below it."
  value       = local.environment.CATALOG_MCP_DESTINATIONS_URL
}

output "certificate_dns" {
  description = "The one CNAME record to make first: with it Google issues the certificate of all hosts, before any A record."
  value       = google_certificate_manager_dns_authorization.domain.dns_resource_record
}

output "dns" {
  description = "The A records to make: every host, and the one address of the load balancer."
  value       = { for host in keys(local.rest) : host => google_compute_global_address.platform.address }
}

output "operator_environment" {
  description = "What `catalog-mcp` on an operator's machine needs to act on this deployment."
  value       = { for name, value in local.environment : name => value if !contains(["CATALOG_MCP_CACHE", "CATALOG_MCP_CACHE_BYTES", "CATALOG_MCP_TRACES"], name) }
}

output "largest" {
  description = "The vCPUs and GiB of all functions when each has its most instances."
  value       = local.largest
  precondition {
    condition     = local.largest.cpu <= var.quota.cpu && local.largest.memory_gib <= var.quota.memory_gib
    error_message = "max_instances and memory_gib come to ${local.largest.cpu} vCPUs and ${local.largest.memory_gib} GiB, more than the project may have (quota). Have Google raise it, then quota here."
  }
}
