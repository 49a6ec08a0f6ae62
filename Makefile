# What a person types: make run. Everything else here serves it or tests it; `make help` lists the words.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

STATE ?= var
BIN := .venv/bin
BUNDLE := hotline/web/static/vendor/jssip.js
PYTEST := $(BIN)/pytest
# Side by side, each file in one process: system tests mostly wait, for speech, rings and time-outs.
SIDE_BY_SIDE := --numprocesses 4 --dist loadfile
PIP := $(BIN)/python -m pip --disable-pip-version-check
PROGRESS := /^ERROR/ {print} /^Collecting/ && ++n % 10 == 0 {print "  " n " packages …"; fflush()}
# Else each of the many processes compiles the whole program for itself.
unexport PYTHONDONTWRITEBYTECODE
# Only what is typed counts: some shells have a variable HOST of their own.
TYPED_HOST = $(if $(findstring command,$(origin HOST)),$(HOST))

.PHONY: help
help:
	@echo "make run [AT=2026-11-23T09:00] [STATE=var]   install what is missing and run the whole hotline; Ctrl-C ends it"
	@echo "make setup                                   only install what is missing"
	@echo "make check                                   the fast tests: style, types, imports, unit and wire"
	@echo "make test                                    all tests, with a real Asterisk and a real browser"
	@echo "make faults [ONLY=worker]                    hours of faults at random moments, for docs/reliability.md; goes on where it stopped"
	@echo "make clean                                   remove what was installed here; state and passwords in $(STATE) stay"

.PHONY: run
run: setup
	@$(BIN)/hotline run --state '$(STATE)' \
	    $(if $(AT),--at '$(AT)') $(if $(TYPED_HOST),--host '$(TYPED_HOST)')

.PHONY: setup
setup: packages .venv/installed $(BUNDLE)
	@$(BIN)/python -P -m hotline.setup
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "Everything is installed. Start it with: make run")

.PHONY: packages
packages:
	@scripts/packages.sh run

# The newest of these files decides whether anything is installed again.
.venv/installed: requirements.txt pyproject.toml
	@echo "Installing Python packages into .venv (about a minute) …"
	@[ -x $(BIN)/python ] || "$$(scripts/python.sh)" -m venv .venv
	@$(PIP) install --require-hashes -r requirements.txt 2>&1 | tee .venv/install.log | awk '$(PROGRESS)'
	@$(PIP) install --no-deps --no-build-isolation --editable . 2>&1 | tee -a .venv/install.log | awk '$(PROGRESS)'
	@touch $@

$(BUNDLE): package.json package-lock.json
	@echo "Bundling JsSIP for the agents' browsers …"
	@npm ci --silent --no-progress
	@npm run --silent bundle
	@touch $@

.PHONY: check
check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) $(SIDE_BY_SIDE) tests/unit tests/wire

# Separate runs: Playwright's own event loop and asyncio tests cannot share one.
.PHONY: test
test: setup
	@scripts/packages.sh test
	@$(MAKE) --no-print-directory check
	$(PYTEST) $(SIDE_BY_SIDE) tests/system
	$(PYTEST) --numprocesses 4 tests/browser
	$(PYTEST) tests/faults

# The long form; ONLY is one of the files test_*.py in tests/faults. Its rows are kept in var/faults.jsonl.
.PHONY: faults
faults: setup
	@scripts/packages.sh test
	@failed=0; HOTLINE_FAULTS=long $(PYTEST) -q tests/faults$(if $(ONLY),/test_$(ONLY).py) || failed=$$?; \
	    $(BIN)/python -m tests.faults.table; exit $$failed

.PHONY: clean
clean:
	rm -rf .venv node_modules $(BUNDLE) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
