# Work for later: queues that call a function each, and clocks that find what was lost.

# Calls those functions, and can do nothing else. Cloud Tasks and Cloud Scheduler sign as it.
resource "google_service_account" "invoker" {
  account_id   = "${var.prefix}-invoker"
  display_name = "Calls the functions of queues"
}

# Failures that the code knows are recorded and scheduled anew by itself (shared/work.py); these
# retries are for crashes and timeouts.
resource "google_cloud_tasks_queue" "work" {
  name     = "${var.prefix}-work"
  location = var.region
  rate_limits {
    max_dispatches_per_second = 10
    max_concurrent_dispatches = 10
  }
  retry_config {
    max_attempts  = 20
    min_backoff   = "10s"
    max_backoff   = "600s"
    max_doublings = 6
  }
  stackdriver_logging_config {
    sampling_ratio = 0.1
  }
  depends_on = [google_project_service.api]
}

# Whole catalogs: loads into BigQuery, and builds. Each takes minutes and much of an instance's memory,
# and must not stand in the way of cells.
resource "google_cloud_tasks_queue" "exports" {
  name     = "${var.prefix}-exports"
  location = var.region
  rate_limits {
    max_dispatches_per_second = 1
    max_concurrent_dispatches = var.exports_at_once
  }
  retry_config {
    max_attempts  = 20
    min_backoff   = "10s"
    max_backoff   = "600s"
    max_doublings = 6
  }
  stackdriver_logging_config {
    sampling_ratio = 0.1
  }
  depends_on = [google_project_service.api]
}

# What collections leave for later, apart from exports, which take minutes.
resource "google_cloud_tasks_queue" "engine" {
  name     = "${var.prefix}-engine"
  location = var.region
  rate_limits {
    max_dispatches_per_second = 100
    max_concurrent_dispatches = 50
  }
  retry_config {
    max_attempts  = 20
    min_backoff   = "2s"
    max_backoff   = "600s"
    max_doublings = 8
  }
  stackdriver_logging_config {
    sampling_ratio = 0.1
  }
  depends_on = [google_project_service.api]
}

locals {
  # Who hands work over: by enqueuing it as the invoker.
  workers = merge(
    {
      partner = module.partner.member
      portal  = module.portal.member
      tasks   = module.tasks.member
    },
    { for member in var.operators : member => member },
  )
  # Who changes collections, or finds one that has to be built anew, and hands over what follows.
  committers = merge(
    {
      admin        = module.admin.member
      destinations = module.destinations.member
      engine       = module.engine.member
      portal       = module.portal.member
      studio       = module.studio.member
    },
    { for member in var.operators : member => member },
  )
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = local.workers
  name     = google_cloud_tasks_queue.work.name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = each.value
}

resource "google_cloud_tasks_queue_iam_member" "export_enqueuer" {
  for_each = local.workers
  name     = google_cloud_tasks_queue.exports.name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = each.value
}

resource "google_cloud_tasks_queue_iam_member" "engine_enqueuer" {
  for_each = local.committers
  name     = google_cloud_tasks_queue.engine.name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = each.value
}

resource "google_service_account_iam_member" "acts_as_invoker" {
  for_each           = merge(local.workers, local.committers)
  service_account_id = google_service_account.invoker.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}

locals {
  sweeps = {
    sweep        = { url = local.tasks_url, path = "/jobs/sweep", schedule = "*/5 * * * *" }
    engine-sweep = { url = local.engine_url, path = "/engine/sweep", schedule = "* * * * *" }
  }
}

resource "google_cloud_scheduler_job" "sweep" {
  for_each         = local.sweeps
  name             = "${var.prefix}-${each.key}"
  description      = "Hands over again what the queue lost"
  region           = var.region
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "300s"
  http_target {
    uri         = "${each.value.url}${each.value.path}"
    http_method = "POST"
    body        = base64encode("{}")
    headers     = { "content-type" = "application/json" }
    oidc_token {
      service_account_email = google_service_account.invoker.email
      audience              = each.value.url
    }
  }
  retry_config {
    retry_count = 1
  }
  depends_on = [module.tasks, module.engine]
}
