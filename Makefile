# `make help` lists the verbs. Each installs what it needs into .venv and .tools, and nothing outside this folder.

PYTHON ?= python3
export PYTHONPATH := layers/domain:functions:infra
export PORT ?= 8000
export NETWORK_PORT ?= 8001

export RUNTIME ?= python3.13
export ARCHITECTURE ?= arm64
BUILD_DIR ?= .aws-sam/build
export SAM_CLI_TELEMETRY := 0
export PYTHONDONTWRITEBYTECODE :=
export __SAM_CLI_APP_DIR := $(CURDIR)/.tools/sam/home

VENV := .venv
BIN := $(VENV)/bin
TOOLS := .tools
UV := UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 $(BIN)/uv
INSTALL := $(UV) pip install --require-hashes --python
RUNNABLE := $(VENV)/runnable
INSTALLED := $(VENV)/installed
STANDINS := $(TOOLS)/sam/installed $(TOOLS)/ministack/installed $(TOOLS)/runtime/installed $(TOOLS)/clients/installed

.PHONY: help run test check rehearse coverage build deploy permissions mutants histories guards schemathesis bench soak lock browser clean
.DEFAULT_GOAL := run

help:  ## this list
	@sed -nE 's/^([a-z]+):.*  ## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 13

run: $(RUNNABLE)  ## the exchange and the telephone network, ready to use in a browser
	@exec $(BIN)/python -m local

test: $(INSTALLED) $(STANDINS) browser  ## everything that a developer must see pass
	$(BIN)/python -m pytest tests/unit -m "example and not thorough" --cov --cov-report=json
	$(BIN)/python -m pytest -m "not example and not thorough"
	@$(BIN)/python -m tests.rooms

rehearse: $(INSTALLED) $(STANDINS) browser  ## an exchange deployed, called, looked after, upgraded and taken away, in real time
	$(BIN)/python -m pytest -m thorough

check: $(INSTALLED)  ## lint, format, types, template
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/cfn-lint --ignore-checks W1100 -- template.yaml infra/*.yaml  # sam build resolves its aliases

build: $(RUNNABLE) $(TOOLS)/sam/installed  ## what `sam deploy` uploads; RUNTIME, ARCHITECTURE and BUILD_DIR change the usual
	@case "$(CURDIR)" in *" "*) echo "sam cannot build in a folder with a space in its name: $(CURDIR)"; exit 1;; esac
	@$(BIN)/python -m package prepare
	@$(TOOLS)/sam/bin/sam build --parallel --template-file template.yaml --build-dir $(BUILD_DIR) --parameter-overrides Runtime=$(RUNTIME) Architecture=$(ARCHITECTURE)
	@$(BIN)/python -m package finish $(BUILD_DIR)

deploy: $(RUNNABLE) $(TOOLS)/sam/installed  ## into your own AWS account: asks what it does not know
	@$(BIN)/toritsugi deploy $(OPTIONS)

coverage: $(INSTALLED) $(STANDINS) browser  ## which branches all of that runs, room by room; takes twice as long
	$(BIN)/python -m pytest --ignore tests/command --ignore tests/deployed --cov --cov-report=json
	@$(BIN)/python -m tests.rooms --all

permissions: $(INSTALLED) $(STANDINS)  ## takes each permission out of a deployment, one at a time, and sees it fail
	@$(BIN)/python -m tests.deployed.permissions $(OPTIONS)

mutants: $(INSTALLED)  ## makes N mistakes in the exchange, drawn by SEED in files ONLY, and sees the tests notice
	@nice $(BIN)/python -m tests.mutation.run --seed $(or $(SEED),1) --number $(or $(N),300) --only "$(ONLY)" $(OPTIONS)

histories: $(INSTALLED)  ## N histories from SEED on, in which all happens at once and much goes wrong; what ends badly, shortened
	@$(BIN)/python -m tests.histories --seed $(or $(SEED),1) --count $(or $(N),1000)

guards: $(INSTALLED)  ## takes each guard against a race out of the source, one at a time, and sees histories go wrong
	@$(BIN)/python -m tests.histories.guards

schemathesis: $(INSTALLED) $(TOOLS)/clients/installed  ## draws N requests for each operation by SEED, and sees answers as the documents say
	@$(BIN)/python -m tests.stories.drawn_requests --seed $(or $(SEED),1) --number $(or $(N),100)

bench: $(INSTALLED) $(STANDINS)  ## what the masked call costs, beside an ordinary implementation
	@$(BIN)/python -m tests.performance.bench

soak: $(INSTALLED)  ## whether the local world lasts: its memory and its pace over CALLS=100000 masked calls, which take hours
	@$(BIN)/python -m tests.performance.soak

# ---- what the verbs need -----------------------------------------------------------------------------------------

# What running needs, without bytecode: Python compiles the tenth of it that is imported.
$(RUNNABLE): infra/tools/run.txt infra/tools/uv.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing. Install Python 3.11 or later (Debian: apt install python3 python3-venv)."; exit 1; }
	@$(PYTHON) -c '' 2>/dev/null || { echo "$(PYTHON) is there, but does not start (pyenv or asdf without that version?). Name another one: make $(MAKECMDGOALS) PYTHON=/usr/bin/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: Toritsugi needs Python 3.11 or later. Name another one: make $(MAKECMDGOALS) PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv module. Install it (Debian: apt install python3-venv) and try again."; exit 1; }
	@echo "Installing into $(VENV), once: 280 MB ..."
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r infra/tools/uv.txt
	@$(INSTALL) $(BIN)/python -r $<
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --offline --editable .
	@touch $@

# What developing needs besides.
$(INSTALLED): requirements.txt $(RUNNABLE)
	@echo "Installing what tests need into $(VENV), once: 500 MB ..."
	@$(INSTALL) $(BIN)/python --compile-bytecode -r $<
	@touch $@

# Tools that pin versions of their own live in environments of their own.
$(TOOLS)/%/installed: infra/tools/%.txt | $(RUNNABLE)
	@echo "Installing $* into $(@D), once ..."
	@rm -rf $(@D) && $(BIN)/python -m venv --without-pip $(@D)
	@$(INSTALL) $(@D)/bin/python --compile-bytecode -r $<
	@touch $@

# Debian's Chromium and a Japanese font, for the tests that look at the page. Without the right to install, those tests say why they skip.
browser:
	@command -v chromium >/dev/null && fc-list :lang=ja 2>/dev/null | grep -q . || \
	if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; \
	elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; \
	else echo "Chromium is not installed, and this user may not install it: the tests of the page will be skipped (apt install chromium fonts-noto-cjk)."; fi

lock: $(INSTALLED)  ## after a change in pyproject.toml: pins everything anew, with hashes and without addresses
	$(LOCK) --group everything -o requirements.txt
	$(LOCK) --group run --constraint requirements.txt -o infra/tools/run.txt
	for layer in base rest; do $(LOCK) --group $$layer --excludes layers/$$layer/excluded.txt -o layers/$$layer/requirements.txt; done
	for tool in uv sam ministack runtime clients; do $(LOCK) --group $$tool -o infra/tools/$$tool.txt; done
	@$(INSTALL) $(BIN)/python -r requirements.txt && touch $(INSTALLED)

LOCK = $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

clean:  ## takes away everything that was installed or built
	rm -rf $(VENV) $(TOOLS) .aws-sam .aws-sam-test .pytest_cache .pytest_tmp .mypy_cache .ruff_cache .hypothesis .mutants .coverage
