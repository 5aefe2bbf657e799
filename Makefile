.DEFAULT_GOAL := help
.PHONY: help run test trial bench lint catalogues clean

PYTHON ?= python3
PORT ?= 8000
export PORTAL_INSTANCE ?= instance

# Compiled modules are kept: without them each of the many processes of the tests would compile every library again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
JOBS ?= 3

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Installing the packages of requirements.lock into .venv (about a minute, once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

catalogues: .venv/ready
	@$(BIN)/python -m portal.translations

run: catalogues ## Bring up the working demonstration on http://localhost:8000 (PORT= to change)
	@$(BIN)/flask init --port $(PORT)
	@$(BIN)/flask demo --keep
	@exec $(BIN)/flask serve --port $(PORT) --with-jobs

test: catalogues ## Run the tests: on SQLite all, on PostgreSQL the journeys and what depends on the database
	@$(BIN)/python -m tests.run $(JOBS)

trial: catalogues ## Run the long campaigns: kills, races, hostile input (TRIAL=reduced for a short one)
	@$(BIN)/python -m tests.trial $(TRIAL)

bench: catalogues ## Measure against a bare floor in the same run, and print ratios
	@$(BIN)/python -m tests.bench

lint: catalogues ## Check format, style, types and templates
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/djlint templates --profile jinja --lint --quiet

clean: ## Remove the virtual environment and caches; the instance folder stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
