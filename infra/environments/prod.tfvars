# Replace project, domain, alert_email and operators.
environment        = "prod"
project            = "catalog-mcp-prod"
domain             = "catalogs.example"
documents_location = "nam5"
mcp_aliases        = ["codex-mcp"]
alert_email        = "ops@catalogs.example"
operators          = ["group:ops@catalogs.example"]
min_instances      = 1
max_instances      = 50
smtp = {
  host   = "smtp.catalogs.example"
  sender = "no-reply@catalogs.example"
  user   = "catalog-mcp"
  secret = "smtp-password"
}
