# The APIs the platform uses. bootstrap.sh enables the few that Terraform itself needs.
resource "google_project_service" "api" {
  for_each = toset([
    "analyticshub",
    "artifactregistry",
    "bigquery",
    "certificatemanager",
    "cloudbuild",
    "cloudfunctions",
    "cloudscheduler",
    "cloudtasks",
    "cloudtrace",
    "compute",
    "firestore",
    "iam",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
    "storage",
    "telemetry",
  ])
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

data "google_project" "this" {}
