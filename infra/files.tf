# Cloud Storage: the immutable files of published catalogs and of collections, and files that people
# hand in and fetch.

resource "google_storage_bucket" "files" {
  #checkov:skip=CKV_GCP_62:Every publish is an audit record already; functions' reads would double the log bill.
  #checkov:skip=CKV_GCP_78:Files are named after their contents and never overwritten; soft delete brings deleted ones back.
  name                        = "${var.project}-${var.prefix}-files"
  location                    = coalesce(var.files_location, var.region)
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
  # Files that people handed in, or asked for: an hour is promised, and their records remove them then.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 1
      matches_prefix = ["transfers/"]
    }
  }
  # What a job kept between its steps and did not remove, being cancelled.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 7
      matches_prefix = ["staged/"]
    }
  }
  # The portal's page sends a file here, to an address that was made for that one file.
  cors {
    origin          = ["https://${local.hosts.portal}"]
    method          = ["PUT"]
    response_header = ["Content-Type", "Content-Range", "Range"]
    max_age_seconds = 3600
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
    admin        = module.admin.member
    api          = module.api.member
    destinations = module.destinations.member
    partner      = module.partner.member
    portal       = module.portal.member
    studio       = module.studio.member
  }
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectViewer"
  member = each.value
}

# Who makes addresses to send files to; what lies elsewhere stays as it is.
resource "google_storage_bucket_iam_member" "receiver" {
  for_each = {
    portal = module.portal.member
    studio = module.studio.member
  }
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectCreator"
  member = each.value
  condition {
    title      = "transfers"
    expression = "resource.name.startsWith('projects/_/buckets/${google_storage_bucket.files.name}/objects/transfers/')"
  }
}

# Signs addresses to fetch files from, by IAM (signBlob): an account has no key of its own.
resource "google_service_account_iam_member" "signer" {
  service_account_id = module.studio.account_name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = module.studio.member
}
