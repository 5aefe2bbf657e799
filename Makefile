.DEFAULT_GOAL := help
.PHONY: help run test trial pictures bench lint catalogues clean

PYTHON ?= python3
PORT ?= 8000
export PORTAL_INSTANCE ?= instance

# Compiled modules are kept: without them each of the many processes of the tests would compile every library again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
JOBS ?= 3

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Install the packages of a lock, with a dot for each one; of what pip says, only what went wrong is shown.
define install
	@printf '%s' "Installing the packages of $(1) into .venv "
	@{ $(BIN)/pip install --disable-pip-version-check --no-compile --require-hashes -r $(1) 2>&1 || echo "ERROR: not installed"; } | { \
	  failed=; while read -r first rest; do \
	    case "$$first" in ERROR*) failed=1; echo;; Collecting|Processing) printf .;; Installing) printf ' unpacking';; esac; \
	    test -z "$$failed" || printf '%s\n' "$$first $$rest"; \
	  done; test -z "$$failed"; }
	@echo
endef

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Making the virtual environment in .venv (with its packages about a minute, once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip uninstall -qq --yes setuptools # Python 3.11 brings it along; nothing here needs it
	$(call install,requirements.lock)
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready-to-test: requirements-test.lock .venv/ready
	$(call install,requirements-test.lock)
	@touch $@

catalogues: .venv/ready
	@$(BIN)/python -m portal.translations

run: catalogues ## Bring up the working demonstration on http://localhost:8000 (PORT= to change)
	@$(BIN)/flask init --port $(PORT)
	@$(BIN)/flask demo --keep
	@exec $(BIN)/flask serve --port $(PORT) --with-jobs

test: .venv/ready-to-test catalogues ## Run the tests: on SQLite all, on PostgreSQL the journeys and what depends on the database
	@$(BIN)/python -m tests.run $(JOBS)

trial: .venv/ready-to-test catalogues ## Run the long campaigns: kills, races, hostile input (TRIAL=reduced for a short one)
	@$(BIN)/python -m tests.trial $(TRIAL)

pictures: .venv/ready-to-test catalogues ## Take pictures of every page in every state into the folder pictures/
	@for language in fr en; do PORTAL_PICTURES=pictures PORTAL_TOUR_LANGUAGE=$$language \
	  $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile tests/trial/pages || exit 1; done

bench: .venv/ready-to-test catalogues ## Measure against a bare floor in the same run, and print ratios
	@$(BIN)/python -m tests.bench

lint: .venv/ready-to-test catalogues ## Check format, style, types and templates
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/djlint templates --profile jinja --lint --quiet

clean: ## Remove the virtual environment and caches; the instance folder stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
