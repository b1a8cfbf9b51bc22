variable "project" {
  description = "Id of the Google Cloud project everything is in. One project per environment."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "environment" {
  description = "Which deployment this is; a label, and part of what alerts say."
  type        = string
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "Either dev or prod; add another together with its tfvars file."
  }
}

variable "domain" {
  description = "The domain whose hosts mcp, api, auth and portal are served, such as catalogs.example."
  type        = string
  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain))
    error_message = "A lower-case DNS name without a scheme, port or trailing dot."
  }
}

variable "region" {
  description = "Where functions and queues are."
  type        = string
  default     = "us-central1"
}

variable "documents_location" {
  description = "Where the Firestore database is: the region, or a multi-region such as nam5. Cannot be changed later."
  type        = string
  default     = "us-central1"
}

variable "files_location" {
  description = "Where the files are: a region, or a multi-region such as US or EU; empty for the region. Cannot be changed later."
  type        = string
  default     = ""
}

variable "prefix" {
  description = "What the names of functions, accounts and buckets begin with."
  type        = string
  default     = "catalog-mcp"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}[a-z0-9]$", var.prefix))
    error_message = "3 to 17 lower-case letters, digits and hyphens (an account's id has at most 30)."
  }
}

variable "mcp_aliases" {
  description = "Further hosts of the domain that serve the MCP endpoint, such as codex-mcp."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for name in var.mcp_aliases : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name)) && !contains(["api", "auth", "mcp"], name)])
    error_message = "Names of hosts below the domain that are not taken, such as codex-mcp."
  }
}

variable "origins" {
  description = "Web origins beyond our own whose pages may call the functions."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for origin in var.origins : can(regex("^https://[^/]+$", origin))])
    error_message = "Origins are https:// and a host, without a slash at the end."
  }
}

variable "issuers" {
  description = "External authorization servers (docs/operations.md, Adding an issuer)."
  type = list(object({
    id                 = string
    issuer             = string
    jwks_url           = string
    audiences          = list(string)
    algorithms         = optional(list(string), ["RS256"])
    claims             = optional(map(string), {})
    default_scopes     = optional(list(string), [])
    organizations      = list(string)
    create_memberships = optional(bool, false)
  }))
  default = []
}

variable "upstreams" {
  description = "OpenID providers people sign in with. Each secret is made beforehand in Secret Manager."
  type = list(object({
    id            = string
    name          = string
    issuer        = string
    client_id     = string
    secret        = string
    algorithms    = optional(list(string), ["RS256"])
    scopes        = optional(list(string), ["openid", "email", "profile"])
    domains       = optional(list(string), [])
    any_domain    = optional(bool, false)
    organizations = optional(list(string), [])
    operators     = optional(bool, false)
  }))
  default = []
  validation {
    condition     = alltrue([for each in var.upstreams : (length(each.domains) > 0) != each.any_domain])
    error_message = "Every upstream names the domains whose addresses it may assert, or any_domain = true."
  }
}

variable "portal_client" {
  description = "The external authorization server people sign in at for the portal, if not at ours (docs/operations.md, The portal)."
  type = object({
    issuer        = string
    client_id     = string
    audience      = string
    authorize_url = string
    token_url     = string
    scopes        = optional(list(string), ["openid", "email", "offline_access"])
  })
  default = null
}

variable "smtp" {
  description = "Where sign-in codes are handed in as mail. Its secret is made beforehand in Secret Manager."
  type = object({
    host     = string
    port     = optional(number, 587)
    sender   = string
    user     = optional(string, "")
    secret   = optional(string, "")
    starttls = optional(bool, true)
  })
  default = null
  validation {
    condition     = var.smtp != null || length(var.upstreams) > 0
    error_message = "People sign in through upstreams or by mail: set one of them."
  }
}

variable "access_seconds" {
  description = "How long access tokens live. Whatever it is, ending a session counts at once."
  type        = number
  default     = 600
  validation {
    condition     = var.access_seconds >= 60 && var.access_seconds <= 3600
    error_message = "60 to 3600 seconds."
  }
}

variable "sharing_location" {
  description = "Where BigQuery tables and the data exchange are: a region, us or eu. Cannot be changed later."
  type        = string
  default     = "us"
}

variable "exchanges" {
  description = "Data exchanges that listings are spread over, 1,000 catalogs in each. Cannot be changed once a catalog is published."
  type        = number
  default     = 1
  validation {
    condition     = var.exchanges >= 1 && var.exchanges <= 100
    error_message = "1 to 100."
  }
}

variable "dataset_prefix" {
  description = "What suggested names of partners' linked datasets begin with."
  type        = string
  default     = "octogen"
  validation {
    condition     = can(regex("^[A-Za-z0-9_]{1,40}$", var.dataset_prefix))
    error_message = "1 to 40 letters, digits and underscores."
  }
}

variable "export_every" {
  description = "Seconds between two exports of a catalog that is published more often."
  type        = number
  default     = 900
  validation {
    condition     = var.export_every >= 0
    error_message = "Seconds, 0 or more."
  }
}

variable "exports_at_once" {
  description = "Catalogs that are loaded into BigQuery, or built whole, at once: all of them in the memory of the tasks function."
  type        = number
  default     = 1
  validation {
    condition     = var.exports_at_once >= 1 && var.exports_at_once * 4 * min(var.memory_gib.api, var.memory_gib.partner, var.memory_gib.portal) <= var.memory_gib.tasks
    error_message = "Building the largest catalog that is served takes four times the memory that serves it: raise memory_gib.tasks to four times the least of api, partner and portal, for each at once."
  }
}

variable "export_fresh_for" {
  description = "Seconds after its export that a table is promised to be fresh."
  type        = number
  default     = 172800
  validation {
    condition     = var.export_fresh_for > 0
    error_message = "Seconds, more than 0."
  }
}

variable "api_key_prefix" {
  description = "What an API key begins with. Keys with another prefix stop working."
  type        = string
  default     = "octo_live"
  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,20}$", var.api_key_prefix))
    error_message = "A lower-case letter, then up to 20 lower-case letters, digits and underscores."
  }
}

variable "operators" {
  description = "Who runs `catalog-mcp` against this deployment: members such as group:ops@example.com."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group|serviceAccount):[^@]+@[^@]+$", member))])
    error_message = "Members are user:, group: or serviceAccount: and an address; never allUsers."
  }
}

variable "alert_email" {
  description = "Where alerts go."
  type        = string
  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.alert_email))
    error_message = "An e-mail address."
  }
}

variable "min_instances" {
  description = "Instances of each public function that are kept warm. 0 is cheaper, 1 has no cold start."
  type        = number
  default     = 0
  validation {
    condition     = var.min_instances >= 0 && var.min_instances <= min(var.max_instances.api, var.max_instances.auth, var.max_instances.destinations, var.max_instances.partner, var.max_instances.portal, var.max_instances.studio)
    error_message = "0 to the least that max_instances lets api, auth, destinations, partner, portal or studio have."
  }
}

variable "memory_gib" {
  description = "GiB of an instance of each function: 0.5, 1, 2, 4, 8, 16, 24 or 32. Over 4 takes 2 vCPUs or more."
  type = object({
    admin        = optional(number, 4)
    api          = optional(number, 2)
    auth         = optional(number, 0.5)
    destinations = optional(number, 2)
    engine       = optional(number, 4)
    partner      = optional(number, 2)
    portal       = optional(number, 2)
    studio       = optional(number, 4)
    tasks        = optional(number, 8)
  })
  default = {}
}

variable "max_instances" {
  description = "Most instances of each function: the bound on cost under attack. The defaults fit a new project's quota."
  type = object({
    admin        = optional(number, 1)
    api          = optional(number, 2)
    auth         = optional(number, 3)
    destinations = optional(number, 1)
    engine       = optional(number, 1)
    partner      = optional(number, 3)
    portal       = optional(number, 1)
    studio       = optional(number, 2)
    tasks        = optional(number, 1)
  })
  default = {}
  validation {
    condition     = alltrue([for most in values(var.max_instances) : most >= 1 && most <= 1000])
    error_message = "1 to 1000, which is what Cloud Run has."
  }
}

variable "quota" {
  description = "What Cloud Run lets the project have in the region at once: vCPUs and GiB. Raise it at Google first (docs/operations.md, First deploy)."
  type = object({
    cpu        = optional(number, 20)
    memory_gib = optional(number, 40)
  })
  default = {}
}

variable "anonymous_per_minute" {
  description = "Requests a minute from one address for metadata and signing in, whatever header is sent."
  type        = number
  default     = 120
  validation {
    condition     = var.anonymous_per_minute > 0 && var.anonymous_per_minute <= var.address_per_minute
    error_message = "More than 0, and not more than address_per_minute."
  }
}

variable "address_per_minute" {
  description = "Requests a minute from one address in all. Organizations have budgets of their own."
  type        = number
  default     = 6000
}

variable "audit_days" {
  description = "Days for which no copy of an audit record can be changed or removed."
  type        = number
  default     = 400
}

variable "audit_locked" {
  description = "Whether audit_days can never be made less again, by anybody. Not where you only try."
  type        = bool
  default     = true
}

variable "log_days" {
  description = "Days that log lines are kept. Audit records are documents and stay."
  type        = number
  default     = 30
  validation {
    condition     = var.log_days >= 1 && var.log_days <= 3650
    error_message = "1 to 3650 days."
  }
}

variable "traces" {
  description = "Whether spans of requests go to Cloud Trace (docs/operations.md, Traces)."
  type        = bool
  default     = false
}

variable "packages" {
  description = "The folder with the functions' zips, made by `make package`."
  type        = string
  default     = "../build"
}
