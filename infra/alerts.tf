# What wakes somebody up. Every alert has a section of its name in docs/operations.md.

locals {
  manual = "See docs/operations.md, When an alert comes."
}

resource "google_monitoring_notification_channel" "email" {
  display_name = "${var.prefix} ${var.environment}"
  type         = "email"
  labels       = { email_address = var.alert_email }
}

# An objective is burnt: 14.4 times too fast is 2 % of a month's failures in one hour, 6 times is
# 5 % in six (The Site Reliability Workbook, chapter 5).
resource "google_monitoring_alert_policy" "burn" {
  for_each = {
    "Calls fail fast"   = { slo = google_monitoring_slo.availability.name, window = "3600s", speed = 14.4, severity = "CRITICAL" }
    "Calls fail slowly" = { slo = google_monitoring_slo.availability.name, window = "21600s", speed = 6, severity = "WARNING" }
    "Calls are slow"    = { slo = google_monitoring_slo.latency.name, window = "3600s", speed = 10, severity = "WARNING" }
  }
  display_name          = each.key
  severity              = each.value.severity
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]
  conditions {
    display_name = each.key
    condition_threshold {
      filter          = "select_slo_burn_rate(\"${each.value.slo}\", \"${each.value.window}\")"
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.speed
      duration        = "0s"
    }
  }
  documentation {
    content = local.manual
  }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each = {
    "A function crashed" = {
      filter    = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.crashes.name}\" AND resource.type=\"cloud_run_revision\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      threshold = 0
      duration  = "0s"
    }
    "The edge answers 5xx" = {
      filter    = "metric.type=\"loadbalancing.googleapis.com/https/request_count\" AND resource.type=\"https_lb_rule\" AND metric.labels.response_code_class=\"500\""
      aligner   = "ALIGN_RATE"
      reducer   = "REDUCE_SUM"
      threshold = 0.5
      duration  = "300s"
    }
    "Work piles up" = {
      filter    = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND resource.type=\"cloud_tasks_queue\" AND resource.labels.queue_id=one_of(\"${google_cloud_tasks_queue.work.name}\", \"${google_cloud_tasks_queue.exports.name}\", \"${google_cloud_tasks_queue.engine.name}\")"
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      threshold = 5000
      duration  = "1800s"
    }
    "Applications are held back" = {
      filter    = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.calls.name}\" AND resource.type=\"cloud_run_revision\" AND metric.labels.surface=\"destinations\" AND metric.labels.outcome=one_of(\"rate_limited\", \"unavailable\")"
      aligner   = "ALIGN_RATE"
      reducer   = "REDUCE_SUM"
      threshold = 1
      duration  = "600s"
    }
    "The API cannot be reached" = {
      filter    = "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type=\"uptime_url\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.api.uptime_check_id}\""
      aligner   = "ALIGN_NEXT_OLDER"
      reducer   = "REDUCE_COUNT_FALSE"
      threshold = 1
      duration  = "300s"
    }
  }
  display_name          = each.key
  severity              = "ERROR"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]
  conditions {
    display_name = each.key
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.duration
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
      }
    }
  }
  documentation {
    content = local.manual
  }
}

# A function that may have one instance only is at its limit whenever it works: that is no news.
resource "google_monitoring_alert_policy" "instances" {
  display_name          = "Instances near their limit"
  severity              = "ERROR"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]
  dynamic "conditions" {
    for_each = { for name, most in var.max_instances : name => most if most > 1 }
    content {
      display_name = "${conditions.key} near its limit"
      condition_threshold {
        filter          = "metric.type=\"run.googleapis.com/container/instance_count\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.prefix}-${conditions.key}\""
        comparison      = "COMPARISON_GT"
        threshold_value = conditions.value * 0.8
        duration        = "300s"
        aggregations {
          alignment_period     = "300s"
          per_series_aligner   = "ALIGN_MAX"
          cross_series_reducer = "REDUCE_SUM"
        }
      }
    }
  }
  documentation {
    content = local.manual
  }
}
