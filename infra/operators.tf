# People who run `catalog-mcp` against this deployment, with their own credentials.

resource "google_project_iam_member" "operator" {
  for_each = {
    for pair in setproduct(var.operators, ["roles/logging.viewer", "roles/monitoring.viewer", "roles/run.viewer"]) :
    "${pair[1]} ${pair[0]}" => pair
  }
  project = var.project
  role    = each.value[1]
  member  = each.value[0]
}

resource "google_project_iam_member" "operator_documents" {
  for_each = toset(var.operators)
  project  = var.project
  role     = "roles/datastore.user"
  member   = each.key
  condition {
    title      = "documents"
    expression = "resource.name == 'projects/${var.project}/databases/${google_firestore_database.documents.name}'"
  }
}

resource "google_storage_bucket_iam_member" "operator" {
  for_each = toset(var.operators)
  bucket   = google_storage_bucket.files.name
  role     = "roles/storage.objectUser"
  member   = each.key
}
