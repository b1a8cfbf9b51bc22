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

# An exchange takes 1,000 listings. A catalog's is found by its key (shared/gcp/listings.py).
resource "google_bigquery_analytics_hub_data_exchange" "further" {
  for_each         = toset([for number in range(1, var.exchanges) : tostring(number)])
  location         = var.sharing_location
  data_exchange_id = "${google_bigquery_analytics_hub_data_exchange.catalogs.data_exchange_id}_${each.key}"
  display_name     = "Product catalogs ${each.key}"
  discovery_type   = "DISCOVERY_TYPE_PRIVATE"
  deletion_policy  = "PREVENT"
}

locals {
  sharers = {
    partner = { member = module.partner.member, role = "roles/analyticshub.listingAdmin" }
    portal  = { member = module.portal.member, role = "roles/analyticshub.listingAdmin" }
    tasks   = { member = module.tasks.member, role = "roles/analyticshub.listingAdmin" }
    maker   = { member = module.tasks.member, role = "roles/analyticshub.publisher" }
  }
}

# The tasks function makes listings and lets partners in; the partner function and the
# portal do the latter when somebody asks for a refresh.
resource "google_bigquery_analytics_hub_data_exchange_iam_member" "listings" {
  for_each = {
    for pair in setproduct(range(var.exchanges), keys(local.sharers)) :
    "${pair[1]} ${pair[0]}" => merge(local.sharers[pair[1]], { exchange = pair[0] })
  }
  location         = var.sharing_location
  data_exchange_id = each.value.exchange == 0 ? google_bigquery_analytics_hub_data_exchange.catalogs.data_exchange_id : google_bigquery_analytics_hub_data_exchange.further[tostring(each.value.exchange)].data_exchange_id
  role             = each.value.role
  member           = each.value.member
}
