terraform {
  required_version = ">= 1.11"
  required_providers {
    google = { source = "hashicorp/google", version = "~> 8.7" }
    time   = { source = "hashicorp/time", version = "~> 0.13" }
  }
  # The bucket is made by bootstrap.sh and named by `make plan`: one per environment.
  backend "gcs" {}
}

provider "google" {
  project = var.project
  region  = var.region
  default_labels = {
    platform    = var.prefix
    environment = var.environment
  }
}
