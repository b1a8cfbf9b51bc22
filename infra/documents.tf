# Firestore: the documents of docs/data.md, their indexes, their expiry, their backups.

resource "google_firestore_database" "documents" {
  name                              = "(default)"
  location_id                       = var.documents_location
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "PREVENT"
  depends_on                        = [google_project_service.api]
}

locals {
  # The queries of shared/queries.py that compare one field and sort by another. A test derives
  # these from there; what only compares, or only sorts, is served by single-field indexes.
  indexes = {
    activity-of-organization         = ["activity", "org", "-seenAt"]
    api-keys-of-organization         = ["api_keys", "org", "createdAt"]
    audit-by                         = ["audit", "by", "-at"]
    audit-of-event                   = ["audit", "event", "-at"]
    audit-of-event-in-organization   = ["audit", "org", "event", "-at"]
    audit-of-organization            = ["audit", "org", "-at"]
    authorizations-of-organization   = ["authorizations", "org", "state", "-createdAt"]
    authorizations-of-person         = ["authorizations", "person", "state", "-createdAt"]
    jobs-of-tenant                   = ["jobs", "tenant", "-createdAt"]
    service-accounts-of-organization = ["service_accounts", "org", "createdAt"]
    sessions-of-principal            = ["sessions", "principal", "-createdAt"]
  }

  # Documents that mean the same as nothing once this time has passed, so Firestore removes them.
  # API keys and grants also expire, but stay to be looked at.
  expiring = toset([
    "activity",
    "authorizations",
    "codes",
    "correlations",
    "decisions",
    "demand",
    "devices",
    "email_codes",
    "flows",
    "idempotency",
    "jobs",
    "limits",
    "log",
    "metrics",
    "records",
    "reviews",
    "seen",
    "sessions",
    "user_codes",
  ])

  # Large or many-keyed fields that no query names: not indexing them saves most of a write. And
  # what every lease of the rate limit writes: times in it rise, and an indexed field that rises
  # takes 500 writes a second of the whole collection.
  # `*` is every field of a collection; `indexed` names the exceptions. Composite indexes stay.
  unindexed = {
    access       = "grants"
    activity     = "*"
    audit        = "details"
    collections  = "*"
    demand       = "*"
    failures     = "*"
    jobs         = "*"
    log          = "*"
    metrics      = "*"
    publications = "rows"
    rates        = "*"
    records      = "*"
    reviews      = "*"
    snapshots    = "*"
    usage        = "*"
    versions     = "manifest"
  }
  indexed = {
    jobs-due      = ["jobs", "due"]
    log-import-id = ["log", "importId"]
  }
}

resource "google_firestore_index" "query" {
  for_each    = local.indexes
  database    = google_firestore_database.documents.name
  collection  = each.value[0]
  query_scope = "COLLECTION"
  dynamic "fields" {
    for_each = slice(each.value, 1, length(each.value))
    content {
      field_path = trimprefix(fields.value, "-")
      order      = startswith(fields.value, "-") ? "DESCENDING" : "ASCENDING"
    }
  }
}

resource "google_firestore_field" "expiring" {
  for_each   = local.expiring
  database   = google_firestore_database.documents.name
  collection = each.key
  field      = "expiresAt"
  ttl_config {}
  index_config {}
}

resource "google_firestore_field" "unindexed" {
  for_each   = local.unindexed
  database   = google_firestore_database.documents.name
  collection = each.key
  field      = each.value
  index_config {}
}

resource "google_firestore_field" "indexed" {
  for_each   = local.indexed
  database   = google_firestore_database.documents.name
  collection = each.value[0]
  field      = each.value[1]
  index_config {
    indexes {
      order       = "ASCENDING"
      query_scope = "COLLECTION"
    }
  }
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.documents.name
  retention = "604800s" # 7 days
  daily_recurrence {}
}

resource "google_firestore_backup_schedule" "weekly" {
  database  = google_firestore_database.documents.name
  retention = "8467200s" # 14 weeks, the most there is
  weekly_recurrence {
    day = "SUNDAY"
  }
}
