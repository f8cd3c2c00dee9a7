# Every target sets up .venv by itself; all it needs is make and Python 3.11 or newer.
#
#   make demo        raise a small chat model, print its report card, open the chat page
#   make demo-real   teach SmolLM2 to answer for a shop, print its report card, open the chat page
#   make test        run the whole test suite on the CPU
#   make check       check format, lint, types, floors and architecture
#   make bench       measure fledge beside its peers; RESULTS.md keeps the tables
#   make bench-gpu   check fledge on this GPU, then time it: eight minutes at most
#
# Variables: PYTHON=python3.12, ARGS="--no-serve --output demo" (for the command), WORKERS=2.

PYTHON ?= python3
WORKERS ?= 2
ARGS ?=
# Real data for the tests that need it, if it is beside the project.
DATA := $(wildcard $(abspath ../shared/data))

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
REQUIREMENTS := pyproject.toml constraints.txt

.PHONY: help demo demo-real test check format bench bench-gpu constraints clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/installed
	@echo "The command is $(BIN)/fledge; after '. $(BIN)/activate' it is just fledge."
	$(BIN)/fledge demo $(ARGS)

demo-real: $(VENV)/installed-lora
	@echo "The command is $(BIN)/fledge; after '. $(BIN)/activate' it is just fledge."
	$(BIN)/fledge demo --real $(ARGS)

test: $(VENV)/installed-test
	OMP_NUM_THREADS=1 FLEDGE_DATA="$${FLEDGE_DATA:-$(DATA)}" $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope $(ARGS)

check: $(VENV)/installed-test $(VENV)/installed-check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture
	$(BIN)/python tests/architecture/figures.py

format: $(VENV)/installed-check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/installed-test
	@for benchmark in $(filter-out benchmarks/gpu.py,$(wildcard benchmarks/[a-z]*.py)); do \
		echo "== $$benchmark"; $(BIN)/python $$benchmark $(ARGS) || exit 1; \
	done

bench-gpu: $(VENV)/installed
	$(BIN)/python benchmarks/gpu.py --json gpu.json $(ARGS)

# Pin the versions that a new environment with every extra gets today.
constraints:
	rm -rf $(VENV)-constraints
	$(PYTHON) -m venv $(VENV)-constraints
	$(VENV)-constraints/bin/python -m pip install --quiet torch==2.13.0 \
		-e '.[parquet,hub,tensorboard,postgresql,sentencepiece,lora,oidc,test,check]'
	{ sed -n '/^#/p' constraints.txt; $(VENV)-constraints/bin/python -m pip freeze \
		--exclude-editable | sed 's/+cpu$$//'; } > constraints.new
	mv constraints.new constraints.txt
	rm -rf $(VENV)-constraints

clean:
	rm -rf $(VENV)

# Stamp files: a second call finds them newer than the requirements and installs nothing.
$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "fledge needs Python 3.11 or newer; $(PYTHON) is" \
			"$$($(PYTHON) --version 2>&1 || true)." >&2; \
		echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo "$(PYTHON) has no venv module; on Debian and Ubuntu:" \
			"apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/created $(REQUIREMENTS)
	@echo "Installing fledge into $(VENV), once; this takes about a minute ..."
	$(PIP_INSTALL) torch==2.13.0 -e .
	@touch $@

$(VENV)/installed-lora: $(VENV)/installed
	@echo "Installing what a real model needs ..."
	$(PIP_INSTALL) -e '.[lora]'
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@echo "Installing the dependencies of the tests ..."
	$(PIP_INSTALL) -e '.[test]'
	@touch $@

$(VENV)/installed-check: $(VENV)/installed
	$(PIP_INSTALL) -e '.[check]'
	@touch $@
