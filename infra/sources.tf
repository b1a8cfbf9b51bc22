# Where functions are built from, and as whom. The zips' names carry their contents' hash.

resource "google_storage_bucket" "sources" {
  #checkov:skip=CKV_GCP_62:Who reads a source zip is no secret worth an access log.
  name                        = "${var.project}-${var.prefix}-sources"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  versioning {
    enabled = true
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      num_newer_versions = 1
      with_state         = "ARCHIVED"
    }
  }
}

resource "google_service_account" "builder" {
  account_id   = "${var.prefix}-builder"
  display_name = "Builds functions"
}

resource "google_storage_bucket_iam_member" "builder_reads" {
  bucket = google_storage_bucket.sources.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.builder.member
}

# Cloud Functions copies the zip into a bucket of its own and has the build read it there.
resource "google_project_iam_member" "builder_reads_copies" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.builder.member
  condition {
    title      = "build sources"
    expression = "resource.name.startsWith('projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-${var.region}')"
  }
}

resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/artifactregistry.writer", "roles/logging.logWriter"])
  project  = var.project
  role     = each.key
  member   = google_service_account.builder.member
}

# A role that was just given is not yet known everywhere: the first builds would fail for want of it.
# Functions take the builder from here, so they wait for it.
resource "time_sleep" "builder_is_ready" {
  create_duration = "60s"
  triggers        = { account = google_service_account.builder.id }
  depends_on = [
    google_project_iam_member.builder,
    google_project_iam_member.builder_reads_copies,
    google_storage_bucket_iam_member.builder_reads,
  ]
}
