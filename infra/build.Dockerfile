# What the steps of cloudbuild.yaml run in: the Python that is deployed, and what its tests start.
FROM hashicorp/terraform:1.11.4 AS terraform
FROM node:20-bookworm-slim AS node

FROM python:3.13-bookworm
ADD https://packages.cloud.google.com/apt/doc/apt-key.gpg /usr/share/keyrings/cloud.google.asc
RUN echo "deb [signed-by=/usr/share/keyrings/cloud.google.asc] https://packages.cloud.google.com/apt cloud-sdk main" \
    > /etc/apt/sources.list.d/google-cloud-sdk.list \
  && apt-get update \
  && apt-get install --yes --no-install-recommends \
    google-cloud-cli google-cloud-cli-firestore-emulator make openjdk-17-jre-headless \
  && rm -rf /var/lib/apt/lists/*
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
COPY --from=terraform /bin/terraform /usr/local/bin/terraform
