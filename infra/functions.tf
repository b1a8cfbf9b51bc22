# One block per folder in functions/. They read as documentation: what for, how large, what it may do.

locals {
  # The secrets the command line makes (`catalog-mcp create-keys`), so that no key is ever in
  # Terraform's state. See docs/operations.md, First deploy.
  rings = ["sealing-keys", "signing-keys"]

  # What every function runs with: one variable per field of Settings (shared/settings.py).
  environment = {
    CATALOG_MCP_BACKEND        = "gcp"
    CATALOG_MCP_PROJECT        = var.project
    CATALOG_MCP_DATABASE       = google_firestore_database.documents.name
    CATALOG_MCP_BUCKET         = google_storage_bucket.files.name
    CATALOG_MCP_SECRETS        = "/secrets"
    CATALOG_MCP_CACHE          = "/tmp/segments"
    CATALOG_MCP_CACHE_BYTES    = "1000000000"
    CATALOG_MCP_MCP_URL        = "https://${local.hosts.mcp}/mcp"
    CATALOG_MCP_API_URL        = "https://${local.hosts.api}/v1"
    CATALOG_MCP_AUTH_URL       = "https://${local.hosts.auth}"
    CATALOG_MCP_HOSTS          = jsonencode(local.aliases)
    CATALOG_MCP_ORIGINS        = jsonencode(var.origins)
    CATALOG_MCP_ISSUERS        = jsonencode(var.issuers)
    CATALOG_MCP_SIGN_IN        = "false"
    CATALOG_MCP_API_KEY_PREFIX = var.api_key_prefix
    CATALOG_MCP_MAX_BODY       = "1048576"
  }

  platform = {
    project     = var.project
    region      = var.region
    prefix      = var.prefix
    sources     = google_storage_bucket.sources.name
    builder     = google_service_account.builder.id
    packages    = var.packages
    environment = local.environment
  }
}

module "partner" {
  source      = "./modules/function"
  name        = "partner"
  purpose     = "MCP for partner organizations"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_AND_GCLB"
  invokers    = ["allUsers"]
  roles       = ["roles/datastore.user"]
  secrets     = local.rings
  memory      = "2Gi"
  concurrency = 40
  timeout     = 60
  instances   = { min = var.min_instances, max = var.max_instances }
}

module "api" {
  source      = "./modules/function"
  name        = "api"
  purpose     = "REST /v1 for partners' backends"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_AND_GCLB"
  invokers    = ["allUsers"]
  roles       = ["roles/datastore.user"]
  secrets     = local.rings
  memory      = "2Gi"
  concurrency = 40
  timeout     = 60
  instances   = { min = var.min_instances, max = var.max_instances }
}
