# Rejoin: `make run` shows it, `make test` proves it. Needs Python 3.11 or newer, make and a package index.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTHON ?= $(firstword $(foreach name,python3.14 python3.13 python3.12 python3.11 python3,$(shell \
	command -v $(name) >/dev/null && $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
UV ?= uv
WORKERS ?= 2
TESTS ?= tests
KILLS ?= 200
REQUESTS ?= 100000

.PHONY: help install install-dev run test check sizes audit words sbom prove fuzz bench faults browser format migration lock clean

help:  ## what make can do here
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

install: $(VENV)/.installed  ## .venv with what the program needs, and .venv/bin/rejoin
install-dev: $(VENV)/.installed-dev  ## the same, with what tests and checks need

run: $(VENV)/.installed  ## the demo: pages, worker, a ladder climbing
	$(BIN)/rejoin demo

test: $(VENV)/.installed-dev browser  ## everything, on SQLite and PostgreSQL, with a real browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(TESTS)

check: $(VENV)/.installed-dev  ## ruff, mypy, templates, house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python -m pytest -q tests/house
	$(BIN)/python -m tests.house.sizes
	$(BIN)/python -m tests.supply.audit --if-reachable $(AUDIT)

sizes: $(VENV)/.installed-dev  ## the longest modules, functions and templates, the fullest folders
	$(BIN)/python -m tests.house.sizes

audit: $(VENV)/.installed-dev  ## ask about known vulnerabilities of every pinned package; an error when nobody could be asked
	$(BIN)/python -m tests.supply.audit $(AUDIT)

words: $(VENV)/.installed-dev  ## how hard it is to read what clients read, place by place
	$(BIN)/python -m tests.house.reading_level

sbom: $(VENV)/.installed-dev  ## requirements/sbom.cdx.json from the lock: what the program is made of
	$(BIN)/python -m tests.supply.sbom

prove: $(VENV)/.installed-dev  ## break each requirement of SECURITY.md on purpose and see its test fail: LINES="S3 P1" to choose
	$(BIN)/python -m tests.prove $(LINES)

fuzz: $(VENV)/.installed-dev  ## hostile words in every field: REQUESTS=100000
	FUZZ_REQUESTS=$(REQUESTS) $(BIN)/python -m pytest -n $(WORKERS) tests/fuzz

bench: $(VENV)/.installed-dev  ## the tables of figures
	$(BIN)/python -m tests.bench $(BENCHES)

faults: $(VENV)/.installed-dev  ## SIGKILL of worker and web KILLS times on each database
	FAULT_KILLS=$(KILLS) $(BIN)/python -m pytest -s tests/faults

browser: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.chromium

format: $(VENV)/.installed-dev  ## put the code in its usual shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migration: $(VENV)/.installed-dev  ## write the change from the newest migration to the models: SAYS="what it does"
	$(BIN)/python -m tests.new_migration $(SAYS)
	$(BIN)/ruff check --quiet --fix webapp/migrations/versions
	$(BIN)/ruff format --quiet webapp/migrations/versions

lock:  ## pin every dependency anew, with hashes (needs uv)
	$(UV) pip compile $(LOCKING) --group build -o requirements/build.txt
	$(UV) pip compile $(LOCKING) -c requirements/build.txt pyproject.toml -o requirements/run.txt
	$(UV) pip compile $(LOCKING) --group dev -c requirements/build.txt -c requirements/run.txt pyproject.toml -o requirements/dev.txt

LOCKING := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-annotate --custom-compile-command "make lock"

clean:  ## take away what make made; instance/ stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found. Install it, or: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.installed: requirements/build.txt requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements/build.txt
	$(PIP) --require-hashes --no-build-isolation -r requirements/run.txt
	$(PIP) --no-deps --no-index --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements/dev.txt $(VENV)/.installed
	$(PIP) --require-hashes --no-build-isolation -r requirements/dev.txt
	@touch $@
