# One global load balancer in front of all public functions: hosts, paths, certificates.

locals {
  # Faces beside the partners' (shared/auth/faces.py). Each is the only function of a host of its own,
  # because its tenants' addresses may begin with any name.
  faces = ["admin", "studio"]
  # What has a host of its own, for the same reason.
  alone = concat(local.faces, ["destinations"])

  hosts   = { for name in concat(["api", "auth", "mcp", "portal"], local.alone) : name => "${name}.${var.domain}" }
  aliases = [for name in var.mcp_aliases : "${name}.${var.domain}"]

  # Which function serves which path: the table ROUTES of shared/cli/deployment.py without
  # what is private and what has a host of its own, the same on every other host.
  # A path stands for itself and all below it.
  routes = {
    "/v1"                                     = "api"
    "/mcp"                                    = "partner"
    "/.well-known/oauth-protected-resource"   = "partner"
    "/auth"                                   = "auth"
    "/portal"                                 = "portal"
    "/.well-known/oauth-authorization-server" = "auth"
    "/.well-known/openid-configuration"       = "auth"
  }

  # What serves everything else of a host.
  rest = merge(
    { for alias in local.aliases : alias => "partner" },
    { for name in local.alone : local.hosts[name] => name },
    {
      (local.hosts.api)    = "api"
      (local.hosts.auth)   = "auth"
      (local.hosts.mcp)    = "partner"
      (local.hosts.portal) = "portal"
    },
  )

  public = {
    admin        = module.admin.name
    api          = module.api.name
    auth         = module.auth.name
    destinations = module.destinations.name
    partner      = module.partner.name
    portal       = module.portal.name
    studio       = module.studio.name
  }
}

resource "google_compute_region_network_endpoint_group" "function" {
  for_each              = local.public
  name                  = "${var.prefix}-${each.key}"
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = each.value
  }
}

resource "google_compute_backend_service" "function" {
  for_each              = local.public
  name                  = "${var.prefix}-${each.key}"
  protocol              = "HTTPS"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = google_compute_security_policy.edge.id
  backend {
    group = google_compute_region_network_endpoint_group.function[each.key].id
  }
  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_url_map" "platform" {
  name            = var.prefix
  default_service = google_compute_backend_service.function["partner"].id

  dynamic "host_rule" {
    for_each = local.rest
    content {
      hosts        = [host_rule.key]
      path_matcher = replace(host_rule.key, ".", "-")
    }
  }

  dynamic "path_matcher" {
    for_each = local.rest
    content {
      name            = replace(path_matcher.key, ".", "-")
      default_service = google_compute_backend_service.function[path_matcher.value].id
      dynamic "path_rule" {
        for_each = contains(local.alone, path_matcher.value) ? {} : local.routes
        content {
          paths   = [path_rule.key, "${path_rule.key}/*"]
          service = google_compute_backend_service.function[path_rule.value].id
        }
      }
    }
  }
}

# One certificate for all hosts, now and later: every one is a name below `domain`. Google issues it
# once the record of the output `certificate_dns` is there, so it serves before the first host does.
resource "google_certificate_manager_dns_authorization" "domain" {
  name       = var.prefix
  domain     = var.domain
  depends_on = [google_project_service.api]
}

resource "google_certificate_manager_certificate" "domain" {
  name = var.prefix
  managed {
    domains            = ["*.${var.domain}"]
    dns_authorizations = [google_certificate_manager_dns_authorization.domain.id]
  }
}

resource "google_certificate_manager_certificate_map" "platform" {
  name       = var.prefix
  depends_on = [google_project_service.api]
}

resource "google_certificate_manager_certificate_map_entry" "domain" {
  name         = var.prefix
  map          = google_certificate_manager_certificate_map.platform.name
  certificates = [google_certificate_manager_certificate.domain.id]
  hostname     = "*.${var.domain}"
}

resource "google_compute_ssl_policy" "modern" {
  name            = var.prefix
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
  depends_on      = [google_project_service.api]
}

resource "google_compute_target_https_proxy" "platform" {
  name            = var.prefix
  url_map         = google_compute_url_map.platform.id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.platform.id}"
  ssl_policy      = google_compute_ssl_policy.modern.id
}

resource "google_compute_global_address" "platform" {
  name       = var.prefix
  depends_on = [google_project_service.api]
}

# Only port 443: a client that was given an http address fails, instead of sending its key in clear.
resource "google_compute_global_forwarding_rule" "https" {
  name                  = var.prefix
  target                = google_compute_target_https_proxy.platform.id
  ip_address            = google_compute_global_address.platform.id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
