# What the steps of cloudbuild.yaml run in: the Python that is deployed, and what its tests start.
# Node and npm come with the tests' Python packages.
FROM hashicorp/terraform:1.11.4 AS terraform

FROM python:3.13.7-trixie
ADD https://packages.cloud.google.com/apt/doc/apt-key.gpg /usr/share/keyrings/cloud.google.asc
# Google keeps every version of its packages: those that the tests ran with. Debian keeps only the
# newest build of one, so a pinned one would break the image within weeks.
# hadolint ignore=DL3008
RUN echo "deb [signed-by=/usr/share/keyrings/cloud.google.asc] https://packages.cloud.google.com/apt cloud-sdk main" \
    > /etc/apt/sources.list.d/google-cloud-sdk.list \
  && apt-get update \
  && apt-get install --yes --no-install-recommends \
    chromium google-cloud-cli=528.0.0-0 google-cloud-cli-firestore-emulator=528.0.0-0 make \
    openjdk-21-jre-headless \
  && rm -rf /var/lib/apt/lists/*
COPY --from=terraform /bin/terraform /usr/local/bin/terraform
