variable "name" {
  description = "The folder in functions/, and the entry point in its main.py."
  type        = string
}

variable "purpose" {
  description = "What it is for, in a sentence."
  type        = string
}

variable "platform" {
  description = "What all functions share."
  type = object({
    project     = string
    region      = string
    prefix      = string
    database    = string
    sources     = string
    builder     = string
    packages    = string
    roles       = list(string)
    environment = map(string)
  })
}

variable "ingress" {
  description = "Where requests may come from: the load balancer, or Google's own callers."
  type        = string
  validation {
    condition     = contains(["ALLOW_INTERNAL_AND_GCLB", "ALLOW_INTERNAL_ONLY"], var.ingress)
    error_message = "No function answers the internet directly."
  }
}

variable "invoker" {
  description = "Who may call it: allUsers for what partners reach, since it checks credentials itself; else one account."
  type        = string
}

variable "roles" {
  description = "The function's roles in the project. What can be granted on one resource is granted there."
  type        = list(string)
  validation {
    condition     = !anytrue([for role in concat(var.platform.roles, var.roles) : contains(["roles/owner", "roles/editor", "roles/viewer"], role)])
    error_message = "No basic roles."
  }
}

variable "secrets" {
  description = "Secrets it reads, each mounted as /secrets/NAME/NAME and always the newest version."
  type        = list(string)
}

variable "memory" {
  description = "GiB of an instance. Opened segments lie in it: /tmp is memory."
  type        = number
  validation {
    condition     = contains([0.5, 1, 2, 4, 8, 16, 24, 32], var.memory)
    error_message = "0.5, 1, 2, 4, 8, 16, 24 or 32 GiB: what fits 1, 2, 4, 6 or 8 vCPUs."
  }
}

variable "concurrency" {
  description = "Requests an instance serves at once."
  type        = number
}

variable "timeout" {
  description = "Seconds a request may take."
  type        = number
}

variable "instances" {
  description = "Least and most instances."
  type        = object({ min = number, max = number })
}
