# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCK   := constraints.txt
PYTEST := -m pytest -n 2 --dist worksteal
MEMORY  = $(if $(TESTS),,scripts/in-memory 4000000)

# Branch coverage, which is half of the time of the tests: only at full length.
MEASURED = rm -f .coverage .coverage.*; $(BIN)/coverage run
define REPORTED
$(BIN)/coverage combine -q
$(BIN)/coverage report --include='common_sync/core/*' --fail-under=100
$(BIN)/coverage report --fail-under=95
endef

# Python compiles what is run a thousand times once, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED

.PHONY: help demo demo-environments demo-fleet test test-all test-lowest test-newest check picture docs pages schema unit look e2e reliability mutate fuzz bench lock clean
.DEFAULT_GOAL := help

help:  ## Show this list.
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 19

demo: $(VENV)/.installed  ## Run the main job on a copy of the example.
	@scripts/demo $(BIN)

demo-environments: $(VENV)/.installed  ## Run three services from one repository: update one, break it, go back. Needs a network.
	@scripts/pip-install $(VENV) $(LOCK) uv
	@scripts/demo-environments $(BIN)

demo-fleet: $(VENV)/.installed  ## Bring a service to three machines by ssh: one fails and goes back. Needs a Docker engine, or root.
	-@scripts/setup-tools sshd
	@scripts/demo-fleet $(BIN)

test: check unit  ## Set up and run all checks.

test-all: export TESTS := all
test-all: test  ## The same at full length: all that `make test` only samples, but for `make reliability`.

# Of the tests, those that meet what the program depends on: not those that try the same ways again at every point, or with all of git.
QUICK := --ignore tests/reliability --ignore tests/fuzz --ignore-glob '*/test_precommit*' --ignore-glob '*/test_hook_*'

test-lowest: .venv-lowest/.installed  ## The quick tests with the lowest versions that users may have.
	$(MEMORY) .venv-lowest/bin/python $(PYTEST) $(QUICK) $(PYTEST_ARGS)

test-newest:  ## The quick tests with the newest of everything.
	@scripts/environment $(PYTHON) .venv-newest
	@scripts/install .venv-newest test /dev/null --upgrade --upgrade-strategy eager
	$(MEMORY) .venv-newest/bin/python $(PYTEST) $(QUICK) $(PYTEST_ARGS)

check: $(VENV)/.developing  ## Format, lint, types, the direction of imports, and whether constraints.txt fits.
	$(BIN)/python scripts/check_lock.py
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/draw_floors.py --check

picture: $(VENV)/.developing  ## Draw docs/floors.svg from the real imports, docs/demo.svg from what the demo prints, docs/report.svg.
	$(BIN)/python scripts/draw_floors.py
	FORCE_COLOR=1 scripts/demo $(BIN) > $(VENV)/.demo
	$(BIN)/python scripts/draw_demo.py $(VENV)/.demo
	PYTHONPATH=tests $(BIN)/python scripts/draw_report.py

unit: $(VENV)/.developing  ## The tests; at full length with branch coverage: all of the core, 95 % of the whole.
	-@scripts/setup-tools strace systemd sshd # some tests look at system calls, some ask systemd-analyze, one goes by ssh; without them they say that they were skipped
	$(if $(TESTS),$(MEASURED),$(MEMORY) $(BIN)/python) $(PYTEST) $(PYTEST_ARGS)
	$(if $(TESTS),$(REPORTED))

look: $(VENV)/.developing  ## What CI services and a browser make of it: act, gitlab-ci-local, linters, Chromium; installed into .look.
	-@$(MAKE) --no-print-directory .look/.made # without them the tests say that they were skipped, and fail in CI
	TESTS=all $(BIN)/python $(PYTEST) tests/look $(PYTEST_ARGS)

.look/.made: constraints.txt tests/look/indexes.txt tests/look/package.json scripts/setup-look
	@scripts/setup-look $(PYTHON)
	@touch $@

docs: $(VENV)/.installed  ## Build the documentation as a site, in .docs/site.
	@scripts/pip-install $(VENV) $(LOCK) --group docs
	$(BIN)/python scripts/build_docs.py $(BIN)/zensical

pages: $(VENV)/.developing  ## Write what each page in common_sync/pages shows, from its scene in tests/scenes.
	PYTHONPATH=tests $(BIN)/python scripts/write_pages.py

schema: $(VENV)/.developing  ## Write docs/common-sync.schema.json from the keys and codes.
	$(BIN)/python scripts/write_schema.py

e2e: $(VENV)/.developing  ## Real images of the example and of small services, with a real Docker engine.
	-@scripts/setup-tools docker-registry # without it, what a registry is needed for says that it was skipped
	$(BIN)/python $(PYTEST) --verbose --tb short tests/e2e $(PYTEST_ARGS)

reliability: $(VENV)/.developing  ## Every crash point, every fault, every planted symlink: all that `make test` only samples.
	@scripts/setup-tools strace
	RELIABILITY=full $(BIN)/python $(PYTEST) tests/reliability $(PYTEST_ARGS)

mutate: $(VENV)/.developing  ## Break the program on purpose, one way at a time: a test must turn red for each.
	$(BIN)/python tests/reliability/breaks.py

SECONDS ?= 60

fuzz: $(VENV)/.developing  ## Fuzz what is parsed and rewritten, guided by coverage: `make fuzz SECONDS=600` for each kind of input.
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS)

bench: $(VENV)/.developing  ## Measure against what people use instead, and write docs/benchmarks.md.
	@scripts/setup-tools rsync
	$(BIN)/python -m benchmarks --output docs/benchmarks.md

lock: $(VENV)/.made  ## Bring constraints.txt up to date with pyproject.toml; `make lock UPGRADE=--upgrade`: all at its newest.
	@scripts/pip-install $(VENV) $(LOCK) uv
	@scripts/lock $(BIN)/uv $(UPGRADE)

clean:  ## Remove the environments and everything that the tools left.
	rm -rf $(VENV) .venv-lowest .venv-newest .look .docs .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .e2e

$(VENV)/.made: $(LOCK) scripts/environment scripts/pip-install scripts/setup-tools
	@scripts/environment $(PYTHON) $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml scripts/install $(VENV)/.made
	@scripts/install $(VENV) setup $(LOCK)
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@scripts/pip-install $(VENV) $(LOCK) --group dev
	@rm -rf $(VENV)/wheels # for tests that install the program: no index is asked after set-up
	@$(BIN)/python -m pip wheel --quiet --constraint $(LOCK) --no-build-isolation --wheel-dir $(VENV)/wheels . --group setup
	@touch $@

.venv-lowest/.installed: $(LOCK) pyproject.toml scripts/environment scripts/install scripts/lowest
	@scripts/environment $(PYTHON) .venv-lowest
	@scripts/lowest .venv-lowest
	@scripts/install .venv-lowest test .venv-lowest/versions.txt
	@touch $@
