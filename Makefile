# Two commands for everybody: `make demo` and `make test`. Each sets up .venv by itself, once, from
# locks/dev.txt, with uv where there is one and with venv and pip where there is not. Nothing is
# installed outside.

FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(FITS)' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
TESTS ?=
CASE ?=
ONLY ?=
# Of the whole suite: a worker for each processor, and what all of them have covered is gated.
WHOLE := -n auto --dist worksteal --runfsm-fail-under=100
FRESH ?=

# Of the lowest versions: whatever a dependency does for us, at least once: the unit tests, a run
# down every road, the client strictly validating, streams, tools, the commands, the real server.
LOWEST := tests/unit $(addprefix tests/conformance/test_,roads.py every_status.py sdk_strict.py \
	sdk_streams.py driver_tools.py responses_backend.py) tests/e2e/test_cli.py tests/e2e/test_serve_modes.py \
	tests/e2e/test_drive.py -n auto --dist worksteal
UPGRADE ?=

.PHONY: help demo test sdk2 lowest newest contract lock check fix diagrams coverage doctor migrate switches bench storm mutants clean

help:  ## What can be made.
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: .venv/ready  ## Watch runs go through their lifecycle: no network, no key.
	@$(BIN)/runfsm demo

test: .venv/ready  ## The whole test suite, on locked versions: openai 3.x (httpx2).
	$(BIN)/python -m pytest $(or $(TESTS),$(WHOLE))

sdk2: .venv-sdk2/ready  ## The same suite on openai 2.54, which speaks through httpx; locked too.
	.venv-sdk2/bin/python -m pytest $(or $(TESTS),$(WHOLE))

lowest: .venv-lowest/ready  ## A smaller suite on the lowest versions that pyproject.toml allows.
	.venv-lowest/bin/python -m pytest $(or $(TESTS),$(LOWEST))

newest: .venv/ready  ## The suite on what is newest today: tells what has drifted from the lock.
	@$(BIN)/python locks/newest.py $(TESTS)

contract: .venv-contract/ready  ## Azure's Responses server against our backend: some ninety packages.
	.venv-contract/bin/python -m pytest $(or $(TESTS),tests/conformance/test_responses_contract.py tests/conformance/test_responses_contract_answers.py)

lock:  ## Write locks/ anew from pyproject.toml; UPGRADE=1 takes the newest versions.
	@$(fitting) locks/make.py $(if $(UPGRADE),--upgrade)

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
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .hypothesis .mutants.jsonl

.venv/ready: pyproject.toml locks/dev.txt
	@$(call setup,.venv,dev)

.venv-%/ready: pyproject.toml locks/%.txt
	@$(call setup,.venv-$*,$*)

# $(call setup,FOLDER,LOCK)
setup = $(fitting) locks/install.py $(1) $(2)

# The Python to begin with; a wrong one is told before anything is done.
fitting = $(if $(shell test -n '$(PYTHON)' && $(PYTHON) -c '$(FITS)' 2>/dev/null && echo fits),$(PYTHON),$(error \
	runfsm needs Python 3.11 to 3.14 with venv: make PYTHON=/path/to/python3.13))
