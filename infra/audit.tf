# Audit records once more, where nobody can change them: the lines that shared/tool.py writes behind
# each commit go into a bucket that keeps every object until its time is over. Only the sink's own
# identity writes there, and no account of ours reads or removes anything in it.

resource "google_storage_bucket" "audit" {
  #checkov:skip=CKV_GCP_62:Google's own audit log names who reads it; an access log would be a second one.
  #checkov:skip=CKV_GCP_78:Nothing in it can be overwritten or removed: its retention is locked.
  name                        = "${var.project}-${var.prefix}-audit"
  location                    = var.region
  storage_class               = "NEARLINE"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  deletion_policy             = "PREVENT"
  retention_policy {
    is_locked        = var.audit_locked
    retention_period = var.audit_days * 86400
  }
}

resource "google_logging_project_sink" "audit" {
  name                   = "${var.prefix}-audit"
  description            = "Audit records, into the bucket that keeps them"
  destination            = "storage.googleapis.com/${google_storage_bucket.audit.name}"
  filter                 = "resource.type=\"cloud_run_revision\" AND jsonPayload.message=\"audit\""
  unique_writer_identity = true
}

resource "google_storage_bucket_iam_member" "audit" {
  bucket = google_storage_bucket.audit.name
  role   = "roles/storage.objectCreator"
  member = google_logging_project_sink.audit.writer_identity
}
