# Cloud Armor: what one address may send, before it costs us an instance.

resource "google_compute_security_policy" "edge" {
  #checkov:skip=CKV_GCP_73:A rule against Log4Shell guards Java; these are Python functions.
  name        = var.prefix
  description = "Limits by address; organizations have budgets of their own behind it"
  depends_on  = [google_project_service.api]

  # Signing in: what takes no credential, or takes it in its body. By path and host, because any
  # header may be sent along: an Authorization header lifts nothing before a function has accepted
  # it, and the edge cannot know. Stops floods of metadata, registrations and mails, and guesses of
  # codes, refresh tokens and service accounts from one address.
  rule {
    priority    = 1000
    action      = "throttle"
    description = "Signing in, whatever is sent along"
    match {
      expr {
        expression = "request.headers['host'] == '${local.hosts.auth}' || request.path.startsWith('/auth/') || request.path.startsWith('/.well-known/')"
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = var.anonymous_per_minute
        interval_sec = 60
      }
    }
  }

  # Stops what one address could make all functions together cost, guesses of tokens and API keys
  # included: each of those is refused by a function after one read at most.
  rule {
    priority    = 2000
    action      = "throttle"
    description = "Everything one address sends"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = var.address_per_minute
        interval_sec = 60
      }
    }
  }

  rule {
    priority    = 2147483647
    action      = "allow"
    description = "The default rule, which cannot be left out"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
