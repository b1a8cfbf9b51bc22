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

resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/artifactregistry.writer", "roles/logging.logWriter"])
  project  = var.project
  role     = each.key
  member   = google_service_account.builder.member
}
