#!/usr/bin/env bash
# What must exist before Terraform can run: a few APIs, the bucket its state is in, and the accounts
# Cloud Build checks and deploys as. Once per project, by an owner of it; may be repeated.
set -euo pipefail
project="${1:?usage: infra/bootstrap.sh PROJECT [REGION]}"
region="${2:-us-central1}"
deployer="catalog-mcp-deployer@$project.iam.gserviceaccount.com"
checker="catalog-mcp-checker@$project.iam.gserviceaccount.com"

gcloud services enable --project "$project" \
  cloudbuild.googleapis.com cloudresourcemanager.googleapis.com iam.googleapis.com \
  secretmanager.googleapis.com serviceusage.googleapis.com storage.googleapis.com

# Anybody may call the public functions, and partners' accounts become members of listings.
restricted=$(gcloud resource-manager org-policies describe iam.allowedPolicyMemberDomains \
  --effective --project "$project" --format "value(listPolicy.allowedValues)")
if [ -n "$restricted" ]; then
  echo "The organization's policy allows members of its own domains only. Have it make an exception" >&2
  echo "for $project: docs/operations.md, First deploy, step 1." >&2
  exit 1
fi

if ! gcloud storage buckets describe "gs://$project-terraform" >/dev/null 2>&1; then
  gcloud storage buckets create "gs://$project-terraform" --project "$project" --location "$region" \
    --uniform-bucket-level-access --public-access-prevention
fi
gcloud storage buckets update "gs://$project-terraform" --versioning

if ! gcloud iam service-accounts describe "$deployer" --project "$project" >/dev/null 2>&1; then
  gcloud iam service-accounts create catalog-mcp-deployer --project "$project" \
    --display-name "Deploys from Cloud Build"
fi

if ! gcloud iam service-accounts describe "$checker" --project "$project" >/dev/null 2>&1; then
  gcloud iam service-accounts create catalog-mcp-checker --project "$project" \
    --display-name "Checks and tests in Cloud Build"
fi
gcloud projects add-iam-policy-binding "$project" --member "serviceAccount:$checker" \
  --role roles/logging.logWriter --condition None --quiet >/dev/null

# Everything infra/ manages, kind by kind; no basic role, and no key is ever made for it.
for role in \
  analyticshub.admin bigquery.user certificatemanager.owner cloudfunctions.admin \
  cloudscheduler.admin cloudtasks.queueAdmin \
  compute.loadBalancerAdmin compute.securityAdmin datastore.owner iam.serviceAccountAdmin \
  iam.serviceAccountUser logging.configWriter logging.logWriter monitoring.editor \
  resourcemanager.projectIamAdmin run.admin secretmanager.admin serviceusage.serviceUsageAdmin \
  storage.admin; do
  gcloud projects add-iam-policy-binding "$project" --member "serviceAccount:$deployer" \
    --role "roles/$role" --condition None --quiet >/dev/null
done
echo "Ready: state in gs://$project-terraform, deployments as $deployer"
