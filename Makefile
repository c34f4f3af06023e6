# Two commands for everybody: `make demo` and `make test`. Each sets up .venv by itself,
# with uv where there is one and with venv and pip where there is not.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTS ?=

.PHONY: demo test check fix diagrams bench sdk2 clean

demo: $(READY)  ## Watch runs go through their lifecycle: no network, no key.
	@$(BIN)/runfsm demo

test: $(READY)  ## The whole test suite, on the newest openai.
	$(BIN)/python -m pytest $(TESTS)

sdk2: .venv-openai2/.ready  ## The same suite on openai 2.54, which speaks through httpx.
	.venv-openai2/bin/python -m pytest $(TESTS)

check: $(READY)  ## Format, lint and types; changes nothing.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fix: $(READY)  ## Format, and mend what ruff can mend.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

diagrams: $(READY)  ## Draw diagrams/ anew from the tables. Needs Graphviz (`dot`).
	$(BIN)/python -m runfsm.lifecycle.draw diagrams

bench: $(READY)  ## Ratios, measured side by side in one run.
	$(BIN)/python bench/machine_cost.py

clean:
	rm -rf .venv .venv-openai2 .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "runfsm needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
		uv pip install --quiet --python $(BIN)/python -e '.[dev]'; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'; \
	fi
	@touch $@

.venv-openai2/.ready: pyproject.toml
	@$(MAKE) --no-print-directory VENV=.venv-openai2 .venv-openai2/.base
	@touch $@

.venv-openai2/.base: pyproject.toml
	@echo "Setting up .venv-openai2 (once) ..."
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) .venv-openai2 && \
		uv pip install --quiet --python .venv-openai2/bin/python -e '.[dev]' 'openai==2.54.*'; \
	else \
		$(PYTHON) -m venv .venv-openai2 && \
		.venv-openai2/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' 'openai==2.54.*'; \
	fi
	@touch $@
