# One block per folder in functions/. They read as documentation: what for, how large, what it may do.

locals {
  # Secrets are made by the command line (`catalog-mcp keys create`) and by people, so that no value
  # is ever in Terraform's state. See docs/operations.md, First deploy.
  # Only auth signs and can make refresh tokens. Others have public keys, and keys of their own for
  # what they seal: one that is broken into makes nobody a token.
  rings = {
    admin = ["cursor-keys", "verifying-keys"]
    api   = ["cursor-keys"]
    auth  = ["sealing-keys", "signing-keys", "verifying-keys"]
    # Applications have keys of their own there: no token is read.
    destinations = ["cursor-keys"]
    partner      = ["cursor-keys", "verifying-keys"]
    portal       = ["cursor-keys", "portal-keys", "verifying-keys"]
    studio       = ["cursor-keys", "verifying-keys"]
  }
  mail_secrets    = compact([var.smtp == null ? "" : var.smtp.secret])
  sign_in_secrets = concat([for upstream in var.upstreams : upstream.secret], local.mail_secrets)

  # Functions have an address before they exist, which keeps the one that is called out of a cycle.
  tasks_url  = "https://${var.prefix}-tasks-${data.google_project.this.number}.${var.region}.run.app"
  engine_url = "https://${var.prefix}-engine-${data.google_project.this.number}.${var.region}.run.app"

  # The least memory of those that serve catalogs: half of it is for opened ones.
  serving_gib = min(var.memory_gib.api, var.memory_gib.partner, var.memory_gib.portal)

  # What every function runs with: one variable per field of Settings (shared/settings.py).
  environment = merge(
    {
      CATALOG_MCP_BACKEND          = "gcp"
      CATALOG_MCP_PROJECT          = var.project
      CATALOG_MCP_DATABASE         = google_firestore_database.documents.name
      CATALOG_MCP_BUCKET           = google_storage_bucket.files.name
      CATALOG_MCP_SECRETS          = "/secrets"
      CATALOG_MCP_CACHE            = "/tmp/segments"
      CATALOG_MCP_VERSION_BYTES    = tostring(floor(local.serving_gib * 1024 * 1024 * 1024 / 2))
      CATALOG_MCP_REGION           = var.region
      CATALOG_MCP_QUEUE            = google_cloud_tasks_queue.work.name
      CATALOG_MCP_LOCATION         = var.sharing_location
      CATALOG_MCP_EXCHANGE         = google_bigquery_analytics_hub_data_exchange.catalogs.data_exchange_id
      CATALOG_MCP_EXCHANGES        = tostring(var.exchanges)
      CATALOG_MCP_DATASET_PREFIX   = var.dataset_prefix
      CATALOG_MCP_EXPORT_EVERY     = tostring(var.export_every)
      CATALOG_MCP_EXPORT_FRESH_FOR = tostring(var.export_fresh_for)
      CATALOG_MCP_EXPORT_QUEUE     = google_cloud_tasks_queue.exports.name
      CATALOG_MCP_ENGINE_QUEUE     = google_cloud_tasks_queue.engine.name
      CATALOG_MCP_TASKS_URL        = local.tasks_url
      CATALOG_MCP_ENGINE_URL       = local.engine_url
      CATALOG_MCP_TASKS_ACCOUNT    = google_service_account.invoker.email
      CATALOG_MCP_MCP_URL          = "https://${local.hosts.mcp}/mcp"
      CATALOG_MCP_API_URL          = "https://${local.hosts.api}/v1"
      CATALOG_MCP_AUTH_URL         = "https://${local.hosts.auth}"
      CATALOG_MCP_PORTAL_URL       = "https://${local.hosts.portal}"
      CATALOG_MCP_DESTINATIONS_URL = "https://${local.hosts.destinations}"
      CATALOG_MCP_FACES            = jsonencode({ for name in local.faces : name => "https://${local.hosts[name]}/mcp" })
      CATALOG_MCP_HOSTS            = jsonencode(local.aliases)
      CATALOG_MCP_ORIGINS          = jsonencode(var.origins)
      CATALOG_MCP_ISSUERS          = jsonencode(var.issuers)
      CATALOG_MCP_SIGN_IN          = "true"
      CATALOG_MCP_UPSTREAMS        = jsonencode(var.upstreams)
      CATALOG_MCP_CLIENT_DOCUMENTS = "true"
      CATALOG_MCP_ACCESS_SECONDS   = tostring(var.access_seconds)
      CATALOG_MCP_TRUSTED_PROXIES  = "2" # the load balancer adds the client's address and its own
      CATALOG_MCP_API_KEY_PREFIX   = var.api_key_prefix
      CATALOG_MCP_MAX_BODY         = "1048576"
    },
    var.smtp == null ? {} : { CATALOG_MCP_SMTP = jsonencode(var.smtp) },
    var.traces ? { CATALOG_MCP_TRACES = "https://telemetry.googleapis.com/v1/traces" } : {},
    var.portal_client == null ? {} : { CATALOG_MCP_PORTAL_CLIENT = jsonencode(var.portal_client) },
  )

  # What every function may do, whatever it is for.
  common_roles = var.traces ? ["roles/telemetry.tracesWriter"] : []

  platform = {
    project     = var.project
    region      = var.region
    prefix      = var.prefix
    database    = google_firestore_database.documents.name
    sources     = google_storage_bucket.sources.name
    builder     = time_sleep.builder_is_ready.triggers.account
    packages    = var.packages
    roles       = local.common_roles
    environment = local.environment
  }
}

module "partner" {
  source      = "./modules/function"
  name        = "partner"
  purpose     = "MCP for partner organizations"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_AND_GCLB"
  invoker     = "allUsers"
  roles       = []
  secrets     = local.rings.partner
  memory      = var.memory_gib.partner
  concurrency = 40
  timeout     = 60
  instances   = { min = var.min_instances, max = var.max_instances.partner }
  depends_on  = [google_project_service.api]
}

module "api" {
  source      = "./modules/function"
  name        = "api"
  purpose     = "REST /v1 for partners' backends"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_AND_GCLB"
  invoker     = "allUsers"
  roles       = []
  secrets     = local.rings.api
  memory      = var.memory_gib.api
  concurrency = 40
  timeout     = 60
  instances   = { min = var.min_instances, max = var.max_instances.api }
  depends_on  = [google_project_service.api]
}

module "studio" {
  source      = "./modules/function"
  name        = "studio"
  purpose     = "MCP for owners of product data"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_AND_GCLB"
  invoker     = "allUsers"
  roles       = []
  secrets     = local.rings.studio
  memory      = var.memory_gib.studio # replicas lie in /tmp, which is memory
  concurrency = 20
  timeout     = 60
  instances   = { min = var.min_instances, max = var.max_instances.studio }
  depends_on  = [google_project_service.api]
}

module "destinations" {
  source      = "./modules/function"
  name        = "destinations"
  purpose     = "What applications read of published endpoints"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_AND_GCLB"
  invoker     = "allUsers"
  roles       = []
  secrets     = local.rings.destinations
  memory      = var.memory_gib.destinations # replicas lie in /tmp, which is memory
  concurrency = 40
  timeout     = 60
  instances   = { min = var.min_instances, max = var.max_instances.destinations }
  depends_on  = [google_project_service.api]
}

module "admin" {
  source      = "./modules/function"
  name        = "admin"
  purpose     = "MCP for people who operate the platform"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_AND_GCLB"
  invoker     = "allUsers"
  roles       = []
  secrets     = local.rings.admin
  memory      = var.memory_gib.admin # replicas lie in /tmp, which is memory
  concurrency = 20
  timeout     = 60
  instances   = { min = 0, max = var.max_instances.admin } # few people, who can wait for a start
  depends_on  = [google_project_service.api]
}

module "auth" {
  source      = "./modules/function"
  name        = "auth"
  purpose     = "The authorization server: sign-in, consent, tokens"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_AND_GCLB"
  invoker     = "allUsers"
  roles       = []
  secrets     = concat(local.rings.auth, local.sign_in_secrets)
  memory      = var.memory_gib.auth
  concurrency = 40
  timeout     = 60
  instances   = { min = var.min_instances, max = var.max_instances.auth }
  depends_on  = [google_project_service.api]
}

module "portal" {
  source      = "./modules/function"
  name        = "portal"
  purpose     = "Where people see and manage their organization's access"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_AND_GCLB"
  invoker     = "allUsers"
  roles       = []
  secrets     = concat(local.rings.portal, local.mail_secrets) # invitations are mailed
  memory      = var.memory_gib.portal                          # replicas lie in /tmp, which is memory
  concurrency = 40
  timeout     = 60
  instances   = { min = var.min_instances, max = var.max_instances.portal }
  depends_on  = [google_project_service.api]
}

module "tasks" {
  source      = "./modules/function"
  name        = "tasks"
  purpose     = "What Cloud Tasks and Cloud Scheduler call: exports, listings, subscriptions"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_ONLY"
  invoker     = google_service_account.invoker.member
  roles       = ["roles/bigquery.user"]
  secrets     = []
  memory      = var.memory_gib.tasks # a whole build has a catalog twice in /tmp
  concurrency = 4
  timeout     = 1800
  instances   = { min = 0, max = var.max_instances.tasks }
  depends_on  = [google_project_service.api]
}

module "engine" {
  source      = "./modules/function"
  name        = "engine"
  purpose     = "What collections leave for later: snapshots of their replicas"
  platform    = local.platform
  ingress     = "ALLOW_INTERNAL_ONLY"
  invoker     = google_service_account.invoker.member
  roles       = []
  secrets     = []
  memory      = var.memory_gib.engine # replicas lie in /tmp, which is memory
  concurrency = 4
  timeout     = 600
  instances   = { min = 0, max = var.max_instances.engine }
  depends_on  = [google_project_service.api]
}

locals {
  sizes = [
    module.admin.size, module.api.size, module.auth.size, module.destinations.size,
    module.engine.size, module.partner.size, module.portal.size, module.studio.size,
    module.tasks.size,
  ]
  # Cloud Run holds a deployment's most instances against the region's quota, whether or not they run.
  largest = {
    cpu        = sum([for size in local.sizes : size.most * size.cpu])
    memory_gib = sum([for size in local.sizes : size.most * size.memory_gib])
  }
}
