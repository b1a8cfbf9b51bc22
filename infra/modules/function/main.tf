# One function: its account, its roles, its source, and who may call it.
locals {
  name = "${var.platform.prefix}-${var.name}"
  zip  = "${var.platform.packages}/${var.name}.zip"

  # Cloud Run wants so many vCPUs for so much memory.
  cpu = var.memory > 24 ? 8 : var.memory > 16 ? 6 : var.memory > 8 ? 4 : var.memory > 4 ? 2 : 1

  environment = merge(var.platform.environment, {
    # Half of the memory is for opened files, which lie in /tmp. The other half is for the process,
    # for what requests hold, and for what is being built.
    CATALOG_MCP_CACHE_BYTES = tostring(floor(var.memory * 1024 * 1024 * 1024 / 2))
    # One process, whatever the CPUs: a second one would open every file for itself.
    WORKERS = "1"
    # Google sets it to true where it is not set. Then functions-framework takes over stdout and
    # `logging`. Our lines name their trace themselves (shared/log.py).
    LOG_EXECUTION_ID = "false"
  })
}

resource "google_service_account" "this" {
  account_id   = local.name
  display_name = "Function ${var.name}"
  description  = var.purpose
}

resource "google_project_iam_member" "role" {
  for_each = toset(concat(var.platform.roles, var.roles))
  project  = var.platform.project
  role     = each.key
  member   = google_service_account.this.member
}

# Documents, of this database alone: another one in the project is out of its reach.
resource "google_project_iam_member" "documents" {
  project = var.platform.project
  role    = "roles/datastore.user"
  member  = google_service_account.this.member
  condition {
    title      = "documents"
    expression = "resource.name == 'projects/${var.platform.project}/databases/${var.platform.database}'"
  }
}

resource "google_secret_manager_secret_iam_member" "reads" {
  for_each  = toset(var.secrets)
  secret_id = each.key
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this.member
}

resource "google_storage_bucket_object" "source" {
  name   = "${var.name}-${filesha256(local.zip)}.zip"
  bucket = var.platform.sources
  source = local.zip
}

resource "google_cloudfunctions2_function" "this" {
  name        = local.name
  location    = var.platform.region
  description = var.purpose

  build_config {
    runtime         = "python313"
    entry_point     = var.name
    service_account = var.platform.builder
    source {
      storage_source {
        bucket = var.platform.sources
        object = google_storage_bucket_object.source.name
      }
    }
    automatic_update_policy {}
  }

  service_config {
    available_cpu                    = tostring(local.cpu)
    available_memory                 = var.memory < 1 ? "512Mi" : "${var.memory}Gi"
    timeout_seconds                  = var.timeout
    min_instance_count               = var.instances.min
    max_instance_count               = var.instances.max
    max_instance_request_concurrency = var.concurrency
    ingress_settings                 = var.ingress
    all_traffic_on_latest_revision   = true
    service_account_email            = google_service_account.this.email
    environment_variables            = local.environment

    dynamic "secret_volumes" {
      for_each = toset(var.secrets)
      content {
        mount_path = "/secrets/${secret_volumes.key}"
        project_id = var.platform.project
        secret     = secret_volumes.key
      }
    }
  }

  # A revision only starts when its account can read what is mounted.
  depends_on = [google_secret_manager_secret_iam_member.reads, google_project_iam_member.role, google_project_iam_member.documents]
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  name     = google_cloudfunctions2_function.this.name
  location = var.platform.region
  role     = "roles/run.invoker"
  member   = var.invoker
}
