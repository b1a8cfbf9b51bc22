# What is measured: the lines of shared/log.py as metrics, two objectives, a probe, a dashboard.

# One per tool call, from the line shared/invoke.py writes.
resource "google_logging_metric" "calls" {
  name        = "${var.prefix}/calls"
  description = "Tool calls by tool, surface and outcome (ok, or the error's code)"
  filter      = "resource.type=\"cloud_run_revision\" AND jsonPayload.message=\"call\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    dynamic "labels" {
      for_each = ["tool", "surface", "outcome"]
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }
  label_extractors = { for label in ["tool", "surface", "outcome"] : label => "EXTRACT(jsonPayload.${label})" }
}

resource "google_logging_metric" "call_ms" {
  name            = "${var.prefix}/call_ms"
  description     = "Milliseconds a tool call took inside the function"
  filter          = "resource.type=\"cloud_run_revision\" AND jsonPayload.message=\"call\""
  value_extractor = "EXTRACT(jsonPayload.ms)"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "ms"
    labels {
      key        = "tool"
      value_type = "STRING"
    }
  }
  label_extractors = { tool = "EXTRACT(jsonPayload.tool)" }
  bucket_options {
    explicit_buckets {
      bounds = [1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000]
    }
  }
}

# Failures nobody expected (shared/serve/run.py), and processes that died.
resource "google_logging_metric" "crashes" {
  name        = "${var.prefix}/crashes"
  description = "Lines of severity ERROR and above from the functions"
  filter      = "resource.type=\"cloud_run_revision\" AND severity>=ERROR"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    labels {
      key        = "function"
      value_type = "STRING"
    }
  }
  label_extractors = { function = "EXTRACT(resource.labels.service_name)" }
}

resource "google_monitoring_custom_service" "platform" {
  service_id   = var.prefix
  display_name = "Catalogs over MCP and REST"
  depends_on   = [google_project_service.api]
}

resource "google_monitoring_slo" "availability" {
  service             = google_monitoring_custom_service.platform.service_id
  slo_id              = "availability"
  display_name        = "Calls that we did not fail"
  goal                = 0.999
  rolling_period_days = 28
  request_based_sli {
    good_total_ratio {
      total_service_filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.calls.name}\" AND resource.type=\"cloud_run_revision\""
      bad_service_filter   = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.calls.name}\" AND resource.type=\"cloud_run_revision\" AND metric.labels.outcome=one_of(\"internal\",\"unavailable\")"
    }
  }
}

resource "google_monitoring_slo" "latency" {
  service             = google_monitoring_custom_service.platform.service_id
  slo_id              = "latency"
  display_name        = "Calls within 300 ms"
  goal                = 0.99
  rolling_period_days = 28
  request_based_sli {
    distribution_cut {
      distribution_filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.call_ms.name}\" AND resource.type=\"cloud_run_revision\""
      range {
        max = 300
      }
    }
  }
}

# From outside, through DNS, certificate, load balancer and function: needs no credential.
resource "google_monitoring_uptime_check_config" "api" {
  display_name = "${var.prefix} OpenAPI document"
  timeout      = "10s"
  period       = "300s"
  http_check {
    path         = "/v1/openapi.json"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }
  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = local.hosts.api
    }
  }
}

resource "google_logging_project_bucket_config" "default" {
  project        = var.project
  location       = "global"
  bucket_id      = "_Default"
  retention_days = var.log_days
}

locals {
  # title, and the query of what it shows (PromQL: https://cloud.google.com/monitoring/promql)
  charts = {
    "Calls a second by tool"           = "sum by (tool) (rate(logging_googleapis_com:user_${local.metric}_calls[5m]))"
    "Calls a second by surface"        = "sum by (surface) (rate(logging_googleapis_com:user_${local.metric}_calls[5m]))"
    "Outcomes other than ok"           = "sum by (outcome) (rate(logging_googleapis_com:user_${local.metric}_calls{outcome!=\"ok\"}[5m]))"
    "Milliseconds, 95th percentile"    = "histogram_quantile(0.95, sum by (tool, le) (rate(logging_googleapis_com:user_${local.metric}_call_ms_bucket[5m])))"
    "Applications' calls by outcome"   = "sum by (outcome) (rate(logging_googleapis_com:user_${local.metric}_calls{surface=\"destinations\"}[5m]))"
    "Work waiting in the queues"       = "sum by (queue_id) (cloudtasks_googleapis_com:queue_depth)"
    "Instances"                        = "sum by (service_name) (run_googleapis_com:container_instance_count{monitored_resource=\"cloud_run_revision\"})"
    "Answers at the edge by class"     = "sum by (response_code_class) (rate(loadbalancing_googleapis_com:https_request_count{monitored_resource=\"https_lb_rule\"}[5m]))"
    "Document reads and writes"        = "sum by (type) (rate(firestore_googleapis_com:document_read_count[5m])) or sum by (op) (rate(firestore_googleapis_com:document_write_count[5m]))"
    "Memory used, largest instance"    = "histogram_quantile(0.99, sum by (service_name, le) (rate(run_googleapis_com:container_memory_utilizations_bucket{monitored_resource=\"cloud_run_revision\"}[5m])))"
    "Cold starts, milliseconds at p95" = "histogram_quantile(0.95, sum by (service_name, le) (rate(run_googleapis_com:container_startup_latencies_bucket{monitored_resource=\"cloud_run_revision\"}[15m])))"
  }
  metric = replace(var.prefix, "-", "_")
}

resource "google_monitoring_dashboard" "platform" {
  dashboard_json = jsonencode({
    displayName = "${var.prefix} ${var.environment}"
    gridLayout = {
      columns = 2
      widgets = [
        for title, query in local.charts : {
          title = title
          xyChart = {
            dataSets = [{ plotType = "LINE", timeSeriesQuery = { prometheusQuery = query } }]
          }
        }
      ]
    }
  })
}
