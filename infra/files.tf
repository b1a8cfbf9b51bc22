# Cloud Storage: the immutable files of published catalogs.

resource "google_storage_bucket" "files" {
  #checkov:skip=CKV_GCP_62:Every publish is an audit record already; functions' reads would double the log bill.
  #checkov:skip=CKV_GCP_78:Files are named after their contents and never overwritten; soft delete brings deleted ones back.
  name                        = "${var.project}-${var.prefix}-files"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  deletion_policy             = "PREVENT"
  soft_delete_policy {
    retention_duration_seconds = 1209600 # 14 days
  }
  # What a killed export left behind; a finished one removes its own.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 1
      matches_prefix = ["exports/"]
    }
  }
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }
}

# Catalogs are built whole and tidied up there, and exports pass through the bucket on their way to
# BigQuery, which loads them with the function's role.
resource "google_storage_bucket_iam_member" "exporter" {
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectUser"
  member = module.tasks.member
}

# Snapshots of collections are stored there, and forgotten.
resource "google_storage_bucket_iam_member" "snapshots" {
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectUser"
  member = module.engine.member
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = {
    admin   = module.admin.member
    api     = module.api.member
    partner = module.partner.member
    portal  = module.portal.member
    studio  = module.studio.member
  }
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectViewer"
  member = each.value
}
