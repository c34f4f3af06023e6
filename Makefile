# Two commands for everybody: `make demo` and `make test`. Each sets up .venv by itself, once,
# with uv where there is one and with venv and pip where there is not. Nothing is installed outside.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
TESTS ?=
CASE ?=
ONLY ?=
# Of the whole suite: a worker for each processor, and what all of them have covered is gated.
WHOLE := -n auto --dist worksteal --runfsm-fail-under=100
FRESH ?=

.PHONY: help demo test sdk2 check fix diagrams coverage doctor migrate switches bench storm mutants clean

help:  ## What can be made.
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: .venv/ready  ## Watch runs go through their lifecycle: no network, no key.
	@$(BIN)/runfsm demo

test: .venv/ready  ## The whole test suite, on the newest openai (httpx2).
	$(BIN)/python -m pytest $(or $(TESTS),$(WHOLE))

sdk2: .venv-sdk2/ready  ## The same suite on openai 2.54, which speaks through httpx.
	.venv-sdk2/bin/python -m pytest $(or $(TESTS),$(WHOLE))

check: .venv/ready  ## Format, lint and types; changes nothing.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fix: .venv/ready  ## Format, and mend what ruff can mend.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

diagrams: .venv/ready  ## Draw diagrams/ anew from the tables. Needs Graphviz (dot).
	$(BIN)/python -m runfsm.lifecycle.draw diagrams

coverage: .venv/ready  ## Write docs/coverage.md anew: endpoint by behaviour, with evidence and test.
	$(BIN)/python tests/conformance/coverage

doctor: .venv/ready  ## Write docs/doctor.md anew; to have the cases played: runfsm doctor.
	$(BIN)/python -m runfsm.cli.cases docs/doctor.md

migrate: .venv/ready  ## Write the comparison in docs/migrate.md anew, from the tables.
	$(BIN)/python -m runfsm.cli.diff docs/migrate.md

switches: .venv/ready  ## Write docs/switches.md anew; on a terminal: runfsm switches.
	$(BIN)/python -m runfsm.cli.switches docs/switches.md

bench: .venv/ready  ## Ratios, measured side by side in one run.
	$(BIN)/python bench/machine_cost.py
	$(BIN)/python bench/simulator_speed.py
	$(BIN)/python bench/pacing.py
	$(BIN)/python bench/many_runs.py
	$(BIN)/python bench/explore.py
	$(BIN)/python bench/import_time.py

storm: .venv/ready  ## Ten thousand storms, by threads and by tasks; CASE=timeout/17 tells one, CASE=responses (or agents) plays another wire.
	$(BIN)/python tests/support/stormtable.py $(CASE)

mutants: .venv/ready  ## Test the tests: each rule turned, moved, dropped; ONLY=decide.py, FRESH=1.
	nice $(BIN)/python tests/mutants $(ONLY) $(if $(FRESH),--fresh)

clean:  ## Remove what was set up.
	rm -rf .venv .venv-sdk2 .mypy_cache .ruff_cache .hypothesis .mutants.jsonl

.venv/ready: pyproject.toml
	$(call setup,.venv,)

.venv-sdk2/ready: pyproject.toml
	$(call setup,.venv-sdk2,'openai==2.54.*')

# $(call setup,FOLDER,FURTHER REQUIREMENTS)
define setup
@test -n "$(PYTHON)" || { echo "runfsm needs Python 3.11 or newer with venv: make PYTHON=/path/to/python3"; exit 1; }
@echo "Setting up $(1), once ..."
@if command -v uv >/dev/null 2>&1; then \
	uv venv --quiet --allow-existing --python $(PYTHON) $(1) && \
	uv pip install --quiet --python $(1)/bin/python -e '.[dev]' $(2); \
else \
	$(PYTHON) -m venv $(1) && \
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' $(2); \
fi
@touch $@
endef
