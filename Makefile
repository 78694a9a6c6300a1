# What one does with this repository. `make` alone lists it; README.md and CONTRIBUTING.md say when.

PYTHON ?= python3
MINUTES ?= 10
# One more than there are cores: a third of the time tests wait for processes, browsers and clocks.
WORKERS ?= $(shell expr $$(nproc) + 1)
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What benchmarks compare with, apart from what the firm runs on.
PEERS := .venv-peers
PEERS_READY := $(PEERS)/.ready
# What looks at the firm from outside, apart from it too.
CHECKS := .venv-checks
CHECKS_READY := $(CHECKS)/.ready
# Debian's browser; Playwright for Python drives it, and its driver links against libatomic.
BROWSER := $(shell command -v chromium >/dev/null && PATH=$$PATH:/sbin ldconfig -p | grep -m 1 -o libatomic.so.1)
GET_BROWSER := sudo apt-get install chromium libatomic1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check bench soak mutants screenshots clean

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: $(READY) ## make the virtual environment from the hash-pinned lock (once)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Evenhand needs Python 3.11 to 3.13, this is " + sys.version.split()[0] + ": make PYTHON=python3.11 ..." if not (3, 11) <= sys.version_info[:2] <= (3, 13) else 0)'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo 'Python cannot make virtual environments here: sudo apt-get install python3-venv'; exit 1; }
	@echo 'Setting up $(VENV): about a minute, once.'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## run a whole firm on real prices, under var/demo; ARGS="--headless --until-done --speed max" for no display
	@$(BIN)/evenhand demo --data-dir var/demo $(ARGS)

# Python may write what it compiled here, whatever the shell says: the tests start hundreds of programs, each of which would compile
# all of it again, and pytest would rewrite every test in each worker. What a worker says that dies or hangs (its traceback) comes last.
test: export PYTHONDONTWRITEBYTECODE =
test: setup ## run the whole test suite, on all cores; WORKERS=0 in one process
	@chosen='not soak'; \
	if [ -z "$(BROWSER)" ]; then \
	  chosen='not soak and not browser'; \
	  echo 'No browser here, so browser tests are skipped. To run them too: $(GET_BROWSER)'; \
	fi; \
	$(MAKE) --silent --no-print-directory -o $(READY) $(CHECKS_READY) || echo 'What asks the API could not be installed: its test is skipped.'; \
	$(BIN)/python -m pytest -m "$$chosen" -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(ARGS) \
	  2>$(VENV)/tests.log || { status=$$?; cat $(VENV)/tests.log >&2; exit $$status; }

check: setup ## format, lint, types, import floors, docs and repository tests, bandit and semgrep
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "not formatted: run $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/mypy --no-error-summary tools/verify_evidence.py tools/reference.py
	@$(BIN)/lint-imports --no-logo >$(VENV)/imports.log 2>&1 || { cat $(VENV)/imports.log; exit 1; }
	@$(BIN)/python -m pytest tests/docs tests/repo
	@$(MAKE) --silent --no-print-directory -o $(READY) $(CHECKS_READY)
	@$(CHECKS)/bin/python tools/clean.py

$(CHECKS_READY): tools/checks.lock
	@echo 'Setting up $(CHECKS): about a minute, once.'
	@rm -rf $(CHECKS)
	@$(BIN)/python -m venv $(CHECKS)
	@$(CHECKS)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r $<
	@touch $@

bench: setup ## run the benchmarks; fails on a missed goal that docs/benchmarks.md does not explain
	@$(MAKE) --silent --no-print-directory -o $(READY) $(PEERS_READY) || echo 'The peers could not be installed: the benchmarks go on without.'
	@$(BIN)/python -m bench $(ARGS)

# One of them comes as source: its wheel is built with the pinned build backend of $(VENV), which itself stays as it is.
$(PEERS_READY): bench/peers.lock
	@rm -rf $(PEERS)
	@$(BIN)/python -m venv $(PEERS)
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r $< -w $(PEERS)/wheels
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index $(PEERS)/wheels/*.whl
	@touch $@

soak: setup ## run the long tests for MINUTES=N more; they resume and add up
	@EVENHAND_SOAK_MINUTES=$(MINUTES) $(BIN)/python -m pytest -m soak -o faulthandler_timeout=0 $(ARGS); ended=$$?; \
	$(BIN)/python -m tests.soaked; exit $$ended

mutants: setup ## turn each comparison of the rules and see a test fail; ARGS="--only floors" for some files
	@$(BIN)/python tools/mutants.py $(ARGS)

screenshots: setup ## write every page, in both themes and at a phone's width, to docs/screenshots
	@[ -n "$(BROWSER)" ] || { echo 'No browser here: $(GET_BROWSER)'; exit 1; }
	@$(BIN)/python tools/screenshots.py $(ARGS)

clean: ## remove the virtual environment, caches and the demo's firm
	@rm -rf $(VENV) $(PEERS) $(CHECKS) var/demo build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
