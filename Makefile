# Every step a laptop, .ci/run and Cloud Build take. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CLIENTS := tests/e2e/node_modules
BIGQUERY := .venv-bigquery
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
CATALOG_DATA_DIR ?= ../shared/data
export CATALOG_DATA_DIR

.DEFAULT_GOAL := help
.PHONY: help dev test check lint types tests bench lock format clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

dev: $(VENV)/.runtime ## Start every function on this machine, with real catalogs
	$(BIN)/catalog-mcp dev $(ARGS)

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
	$(BIN)/python -m pytest -m "not slow"

tests: $(VENV)/.tests $(CLIENTS)/.installed $(BIGQUERY)/.installed ## The slow tests: emulators, real clients, whole processes
	$(BIN)/python -m pytest -m slow

.PHONY: simulate
simulate: $(VENV)/.tests ## A week of 200 organizations with 50 catalogs and 3 readers each
	$(BIN)/python -m tests.shared.subscriptions.simulation $(ARGS)

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
	$(BIN)/npm install --prefix tests/e2e --package-lock-only --loglevel=error

clean: ## Remove environments and build products
	rm -rf .venv .venv-* build out $(CLIENTS)

$(VENV)/.runtime: functions/requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r functions/requirements.txt
	$(PIP) install --no-deps --editable .
	touch $@

$(VENV)/.tests: $(VENV)/.runtime tests/requirements.txt
	$(PIP) install --require-hashes -r tests/requirements.txt
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
	    --disable-pip-version-check install --require-hashes -r $<; \
	else mkdir $(BIGQUERY); fi
	touch $@
