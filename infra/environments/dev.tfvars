# Cheap, and closed to nobody who has a credential. Replace project, domain and alert_email.
environment = "dev"
project     = "catalog-mcp-dev"
domain      = "dev.catalogs.example"
alert_email = "ops@catalogs.example"
log_days    = 7
smtp = {
  host   = "smtp.catalogs.example"
  sender = "no-reply@dev.catalogs.example"
  user   = "catalog-mcp"
  secret = "smtp-password"
}
audit_locked = false # what is only tried can be taken down again
