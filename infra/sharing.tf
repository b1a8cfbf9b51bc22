# Analytics Hub: the exchange partners subscribe in. Listings and the datasets beneath them belong to
# single catalogs, so the tasks function makes them (shared/gcp/warehouse.py, shared/gcp/listings.py).

resource "google_bigquery_analytics_hub_data_exchange" "catalogs" {
  location         = var.sharing_location
  data_exchange_id = "catalog_mcp"
  display_name     = "Product catalogs"
  discovery_type   = "DISCOVERY_TYPE_PRIVATE"
  deletion_policy  = "PREVENT"
  depends_on       = [google_project_service.api]
}

# The tasks function makes listings and lets partners in; the partner function and the
# portal do the latter when somebody asks for a refresh.
resource "google_bigquery_analytics_hub_data_exchange_iam_member" "listings" {
  for_each = {
    partner = { member = module.partner.member, role = "roles/analyticshub.listingAdmin" }
    portal  = { member = module.portal.member, role = "roles/analyticshub.listingAdmin" }
    tasks   = { member = module.tasks.member, role = "roles/analyticshub.listingAdmin" }
    maker   = { member = module.tasks.member, role = "roles/analyticshub.publisher" }
  }
  location         = var.sharing_location
  data_exchange_id = google_bigquery_analytics_hub_data_exchange.catalogs.data_exchange_id
  role             = each.value.role
  member           = each.value.member
}
