# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help demo test check picture unit e2e reliability mutate fuzz bench clean
.DEFAULT_GOAL := help

help:  ## Show this list.
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

demo: $(VENV)/.installed  ## Run the main job on a copy of the example.
	@scripts/demo $(BIN)

test: check unit  ## Set up and run all checks.

check: $(VENV)/.developing  ## Format, lint, types, and the direction of imports.
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/draw_floors.py --check

picture: $(VENV)/.developing  ## Draw docs/floors.svg from the real imports.
	$(BIN)/python scripts/draw_floors.py

unit: $(VENV)/.developing  ## The tests, with branch coverage: all of the core, 95 % of the whole.
	-@scripts/setup-tools strace # some tests look at system calls; without it they say that they were skipped
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --include='common_sync/core/*' --fail-under=100
	$(BIN)/coverage report --fail-under=95

e2e: $(VENV)/.developing  ## Real images of the example and of small services, with a real Docker engine.
	$(BIN)/python -m pytest --verbose --tb short -n 2 --dist worksteal tests/e2e $(PYTEST_ARGS)

reliability: $(VENV)/.developing  ## Every crash point, every fault, every planted symlink: all that `make test` only samples.
	@scripts/setup-tools strace
	RELIABILITY=full $(BIN)/python -m pytest -n 2 --dist worksteal tests/reliability $(PYTEST_ARGS)

mutate: $(VENV)/.developing  ## Break the program on purpose, one way at a time: a test must turn red for each.
	$(BIN)/python tests/reliability/breaks.py

SECONDS ?= 60

fuzz: $(VENV)/.developing  ## Fuzz what is parsed and rewritten, guided by coverage: `make fuzz SECONDS=600` for each kind of input.
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS)

bench: $(VENV)/.developing  ## Measure against what people use instead, and write docs/benchmarks.md.
	@scripts/setup-tools rsync
	$(BIN)/python -m benchmarks --output docs/benchmarks.md

clean:  ## Remove the environment and everything that the tools left.
	rm -rf $(VENV) .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .e2e

$(VENV)/.installed: pyproject.toml scripts/setup scripts/setup-tools
	@scripts/setup $(PYTHON) $(VENV)
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@
