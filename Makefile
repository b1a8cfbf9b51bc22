# Every step a laptop, .ci/run and Cloud Build take. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CLIENTS := tests/e2e/node_modules
BIGQUERY := .venv-bigquery
CHECKOV := .venv-checkov
LIBRARIES := .venv-clients
MUTANTS := .venv-mutants
FASTMCP := .venv-fastmcp
PEERS := tests/bench/peers/node_modules
ENVIRONMENT ?= dev
PROJECT ?= $(shell sed -n 's/^project *= "\(.*\)"/\1/p' infra/environments/$(ENVIRONMENT).tfvars)
APPLY ?= true
TERRAFORM := terraform -chdir=infra
LOCKED := $(if $(wildcard infra/.terraform.lock.hcl),-lockfile=readonly)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# A lock is whole: pip has nothing to resolve, and the pip of Python 3.11 would refuse a lock as soon
# as a library asked for with an extra has a newer version. `pip check` says what is missing.
LOCKED_LIBRARIES := --require-hashes --no-deps -r
CATALOG_DATA_DIR ?= ../shared/data
export CATALOG_DATA_DIR
# Tests write many small databases. In memory they need not wait for the disk: the fast tier takes
# half the time beside other work. Where there is no such memory, it is the system's own folder.
export PYTEST_DEBUG_TEMPROOT ?= $(shell sh tests/memory_folder.sh)

.DEFAULT_GOAL := help
.PHONY: help dev test check lint types tests bench lock format clean package plan apply smoke

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

dev: $(VENV)/.runtime ## Start every function on this machine, with real catalogs
	@$(BIN)/catalog-mcp dev --catalogs "$(CATALOG_DATA_DIR)" $(ARGS)

test: check tests ## Run everything

check: lint types fast ## The fast tier: format, lint, types, import contracts, quick tests

lint: $(VENV)/.tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/.tests
	$(BIN)/mypy

.PHONY: fast
fast: $(VENV)/.tests
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --dist loadfile

INSTALLED := $(CLIENTS)/.installed $(LIBRARIES)/.installed $(CHECKOV)/.installed $(BIGQUERY)/.installed
tests: $(VENV)/.tests $(INSTALLED) ## The slow tests: emulators, real clients, whole processes
	$(BIN)/python -m pytest -m slow --ignore tests/e2e --numprocesses auto --dist loadfile --durations 15
	$(BIN)/python -m pytest -m slow --durations 15 tests/e2e

.PHONY: data
data: $(VENV)/.tests ## Fetch the public catalogs that benchmarks and some tests read, into CATALOG_DATA_DIR
	$(BIN)/python -m tests.catalogs.fetch "$(CATALOG_DATA_DIR)"

.PHONY: simulate
simulate: $(VENV)/.tests ## Five minutes of a busy organization; a week of 200 with 50 catalogs and 3 readers each
	$(BIN)/python -m tests.shared.auth.busy
	$(BIN)/python -m tests.shared.subscriptions.simulation $(ARGS)

bench: $(VENV)/.tests $(FASTMCP)/.installed $(PEERS)/.installed ## Measure everything into docs/performance.md (ARGS=--quick)
	$(BIN)/python -m tests.bench.run $(ARGS)

.PHONY: mutants
mutants: $(VENV)/.tests $(MUTANTS)/.installed ## Mistakes that no test notices (ARGS="--every 5 shared/auth"; hours without)
	$(BIN)/python -m tests.mutants $(ARGS)

.PHONY: red-team
red-team: $(VENV)/.tests ## Try the tests' hostile inputs on a running platform: group, tried, held
	$(BIN)/python -m tests.red_team

.PHONY: soak
soak: $(VENV)/.tests ## Half of what it can serve, for 30 minutes, while everything changes
	$(BIN)/python -m tests.bench.soak $(ARGS)

.PHONY: client-libraries
client-libraries: $(VENV)/.tests $(CLIENTS)/.installed $(LIBRARIES)/.installed ## List, convert and call with each client library, into docs/clients.md
	UPDATE_SNAPSHOTS=1 $(BIN)/python -m pytest tests/e2e/test_client_libraries.py

.PHONY: pictures
pictures: $(VENV)/.tests ## Take the README's pictures of the running thing, into docs/pictures
	$(BIN)/python -m pytest tests/e2e/pictures.py

.PHONY: more-clients
more-clients: $(VENV)/.tests ## Sign in with Codex and opencode as well (large downloads)
	$(BIN)/npm install --prefix build/more-clients --no-save --loglevel=error \
	  @openai/codex@0.169.0 opencode-ai@1.18.33
	$(BIN)/python -m pytest tests/e2e/more_clients.py

format: $(VENV)/.tests ## Format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.tests ## Pin every library, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url pyproject.toml -o functions/requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url -c functions/requirements.txt tests/requirements.in \
	  -o tests/requirements.txt
	$(BIN)/uv pip compile --quiet --python-version 3.13 --generate-hashes --no-header \
	  --no-emit-index-url tests/contract/bigquery_emulator.in -o tests/contract/bigquery_emulator.txt
	echo checkov==3.3.30 | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url - -o tests/infra/checkov.txt
	echo cosmic-ray==8.7.0 | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url - -o tests/mutants.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url tests/clients/requirements.in -o tests/clients/requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url tests/bench/peers/fastmcp.in -o tests/bench/peers/fastmcp.txt
	$(BIN)/npm install --prefix tests/e2e --package-lock-only --loglevel=error
	$(BIN)/npm install --prefix tests/bench/peers --package-lock-only --loglevel=error

package: ## Pack the source zip of every function into build/
	$(PYTHON) infra/package.py

plan: package ## Say what deploying to ENVIRONMENT would change, and keep that
	$(TERRAFORM) init -input=false -reconfigure $(LOCKED) \
	  -backend-config=bucket=$(PROJECT)-terraform -backend-config=prefix=$(ENVIRONMENT)
	$(TERRAFORM) plan -input=false -var-file=environments/$(ENVIRONMENT).tfvars \
	  -var=project=$(PROJECT) -out=platform.tfplan
	$(TERRAFORM) show -no-color platform.tfplan > infra/plan.txt

ifeq ($(APPLY),true)
apply: ## Deploy exactly what `make plan` kept
	$(TERRAFORM) apply -input=false platform.tfplan

smoke: $(VENV)/.runtime ## Ask the deployment from outside whether it is up
	$(BIN)/python infra/smoke.py "$$($(TERRAFORM) output -raw mcp_url)" "$$($(TERRAFORM) output -raw api_url)"
else
apply smoke:
	@echo "planned only: set APPLY=true to $@"
endif

.PHONY: provider-schema
provider-schema: $(VENV)/.tests ## Keep the schema of the resources infra/ uses, for offline checks
	rm -rf build/provider && mkdir -p build/provider
	$(BIN)/python -m pip download --quiet --no-deps --dest build/provider \
	  cdktn-provider-google==21.1.0 cdktn-provider-time==14.0.2
	for each in build/provider/*.whl; do $(BIN)/python -m zipfile -e $$each build/provider; done
	$(BIN)/python tests/infra/provider_schema.py build/provider/cdktn_provider_*/_jsii/*.tgz

clean: ## Remove environments and build products
	rm -rf .venv .venv-* build out $(CLIENTS) $(PEERS)

$(VENV)/.runtime: functions/requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install $(LOCKED_LIBRARIES) functions/requirements.txt
	$(PIP) install --no-deps --editable .
	$(PIP) check
	touch $@

$(VENV)/.tests: $(VENV)/.runtime tests/requirements.txt
	$(PIP) install $(LOCKED_LIBRARIES) tests/requirements.txt
	$(PIP) check
	touch $@

# Node and npm come with the Python packages: nothing else has to be on the machine.
$(CLIENTS)/.installed: tests/e2e/package-lock.json | $(VENV)/.tests
	$(BIN)/npm ci --prefix tests/e2e --loglevel=error
	touch $@

# The BigQuery emulator needs Python 3.13; without one its tests say why they are skipped.
$(BIGQUERY)/.installed: tests/contract/bigquery_emulator.txt
	rm -rf $(BIGQUERY)
	if $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))'; then \
	  $(PYTHON) -m venv $(BIGQUERY) && $(BIGQUERY)/bin/python -m pip --quiet \
	    --disable-pip-version-check install $(LOCKED_LIBRARIES) $<; \
	else mkdir $(BIGQUERY); fi
	touch $@

$(LIBRARIES)/.installed: tests/clients/requirements.txt
	$(PYTHON) -m venv $(LIBRARIES)
	$(LIBRARIES)/bin/python -m pip --quiet --disable-pip-version-check install $(LOCKED_LIBRARIES) $<
	touch $@

$(MUTANTS)/.installed: tests/mutants.txt
	$(PYTHON) -m venv $(MUTANTS)
	$(MUTANTS)/bin/python -m pip --quiet --disable-pip-version-check install $(LOCKED_LIBRARIES) $<
	touch $@

$(FASTMCP)/.installed: tests/bench/peers/fastmcp.txt
	$(PYTHON) -m venv $(FASTMCP)
	$(FASTMCP)/bin/python -m pip --quiet --disable-pip-version-check install $(LOCKED_LIBRARIES) $<
	touch $@

$(PEERS)/.installed: tests/bench/peers/package-lock.json | $(VENV)/.tests
	$(BIN)/npm ci --prefix tests/bench/peers --loglevel=error
	touch $@

$(CHECKOV)/.installed: tests/infra/checkov.txt
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip --quiet --disable-pip-version-check install $(LOCKED_LIBRARIES) $<
	touch $@
