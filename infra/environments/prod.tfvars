# Replace project, domain, alert_email and operators.
environment        = "prod"
project            = "catalog-mcp-prod"
domain             = "catalogs.example"
documents_location = "nam5" # with files_location: documents and files outlive a region
files_location     = "US"
mcp_aliases        = ["codex-mcp"]
alert_email        = "ops@catalogs.example"
operators          = ["group:ops@catalogs.example"]
min_instances      = 1
smtp = {
  host   = "smtp.catalogs.example"
  sender = "no-reply@catalogs.example"
  user   = "catalog-mcp"
  secret = "smtp-password"
}
