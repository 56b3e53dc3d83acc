# Every command sets up what it needs first; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PORT ?= 8000
ARGS ?=
PY := .venv/bin/python
export PORT
export PYTHONUNBUFFERED := 1
# Beside a running demo: files, static files and mail of the tests lie in a folder of their own.
TEST := env DEBUG=1 SECRET_KEY=only-for-tests-and-checks-0123456789-abcdefghijklmnopqrstuvwxyz \
	SITE_URL=http://127.0.0.1:8000 EMAIL_URL=file: VAR_DIR=$(CURDIR)/var/test
ON_ENGINES := $(PY) -m inpassing.embedded run --profile

.PHONY: help demo test check bench soak stop lock setup setup-test

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:
	@scripts/install-python
	@scripts/install-system runtime

setup-test:
	@scripts/install-python
	@scripts/install-system test

demo: setup ## the whole application with demo data on http://127.0.0.1:8000 (PORT=)
	@$(ON_ENGINES) demo -- $(PY) -m scripts.demo

test: setup-test ## all tests on real PostgreSQL and Redis (ARGS= for pytest)
	@$(TEST) $(ON_ENGINES) test -- scripts/test $(ARGS)

soak: setup-test ## long fault tests
	@$(TEST) $(ON_ENGINES) test -- scripts/test -m soak $(ARGS)

check: setup ## formatting, lint, types, import contracts, migrations, deployment settings
	@scripts/check

bench: setup ## the benchmarks; a table, and JSON in var/bench (ARGS= names of benchmarks)
	@$(TEST) $(ON_ENGINES) test -- $(PY) -m bench.run $(ARGS)

stop: ## end whatever runs or was left behind in this checkout
	@if [ -x $(PY) ]; then $(PY) -P inpassing/embedded.py stop; fi

lock: setup ## write both locks anew from pyproject.toml (ARGS=--upgrade)
	@scripts/lock $(ARGS)
