# Two commands on a fresh machine: make demo, make test. Each target sets up what it needs.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
PY := $(BIN)/python
CODE := src tests benchmarks scripts examples

# make demo TAPE=file MAPPING=file runs on that tape; SERVE=0 ends after the run.
TAPE ?=
MAPPING ?=
SERVE ?= 1
PORT ?= 8700
NETWORK_PORT ?= 24000

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "make %-14s %s\n", $$1, $$2}'

# --- Setting up: runs again only when a lock file or pyproject.toml changes.

.venv/.runtime: requirements/runtime.lock pyproject.toml scripts/setup.sh
	scripts/setup.sh runtime
	@touch $@

.venv/.dev: .venv/.runtime requirements/dev.lock
	scripts/setup.sh dev
	@touch $@

.venv/.bench: .venv/.dev requirements/bench.lock
	scripts/setup.sh bench
	@touch $@

.PHONY: setup
setup: .venv/.dev ## Set up .venv with everything

build:
	@mkdir -p build

.PHONY: system-packages
system-packages: | build
	@scripts/system-packages.sh

.PHONY: lock
lock: .venv/.dev ## Make the lock files again after a change of dependencies
	scripts/lock.sh

# --- Using it.

.PHONY: demo
demo: .venv/.runtime | build ## A deal from consortium to verified evidence, then the workspace
	$(PY) -m chainfusion.demo $(if $(TAPE),--tape "$(TAPE)") $(if $(MAPPING),--mapping "$(MAPPING)") \
		--port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve,--serve)

.PHONY: demo-fabric
demo-fabric: .venv/.runtime | build ## The same on a Hyperledger Fabric network of four organisations (FABRIC_BIN or PATH)
	$(PY) -m chainfusion.demo --engine fabric --network-port $(NETWORK_PORT) $(if $(TAPE),--tape "$(TAPE)") $(if $(MAPPING),--mapping "$(MAPPING)") \
		--port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve,--serve)

.PHONY: serve
serve: .venv/.runtime ## The workspace on what the last demo made
	$(PY) -m chainfusion.demo --only-serve --port $(PORT)

# --- Checking it.

.PHONY: test
test: lint pytest ## Lint, types, arrows, tests

.PHONY: pytest
pytest: .venv/.dev system-packages
	$(BIN)/pytest -n2 --dist loadfile --no-loadscope-reorder -m "not soak"

.PHONY: test-browser
test-browser: .venv/.dev system-packages ## Only the tests in a browser
	$(BIN)/pytest -m browser

.PHONY: test-fabric
test-fabric: .venv/.dev ## Only the tests that need Hyperledger Fabric's binaries (FABRIC_BIN or PATH)
	@PATH="$${FABRIC_BIN:-}:$$PATH"; command -v peer orderer >/dev/null || { \
		echo "Fabric's peer and orderer were not found in FABRIC_BIN or on PATH: take them from Fabric's releases (3.1)."; exit 1; }
	$(BIN)/pytest -m fabric

.PHONY: soak
soak: .venv/.dev ## The long tests: kill -9, thousands of byte changes
	$(BIN)/pytest -m soak

.PHONY: lint
lint: .venv/.dev ## Style, types and the arrows between packages
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: format
format: .venv/.dev ## Put the code in form
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: docs
docs: .venv/.dev ## Write the pages that are made from code: commands and errors
	$(PY) -m scripts.reference
	$(PY) -m chainfusion.cashflow.text.schema > docs/spec/deal-terms.schema.json

.PHONY: bench
bench: .venv/.bench | build ## Measure; writes build/bench.json
	$(PY) -m benchmarks

.PHONY: wheel
wheel: .venv/.dev ## Build the wheel into dist/, without a network
	$(PY) -m hatchling build -t wheel

.PHONY: clean
clean: ## Remove what was made, but not the environment
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
