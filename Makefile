# Everything runs from .venv; `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
.DEFAULT_GOAL := help
.PHONY: help setup clients demo test unit sim e2e fmt lint types arch wheel-test check ci bench fuzz diagrams golden lock clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed ## make .venv with everything that is needed (locked versions)

$(VENV)/.installed: requirements.lock pyproject.toml
	@PYTHON=$(PYTHON) bash .ci/setup-venv $(VENV)
	@touch $@

clients: ## install the SIP clients of the end-to-end tests (SIPp, baresip) with apt
	@bash .ci/setup-clients

demo: setup ## two agents, six callers, real SIP and RTP on loopback, in under 90 seconds
	@$(BIN)/softswitch demo

test: setup clients unit-sim-e2e ## everything that must pass: unit, simulation and end-to-end tests

.PHONY: unit-sim-e2e
unit-sim-e2e:
	$(PYTEST) -q -n auto --dist loadscope --no-loadscope-reorder --durations=5

unit: setup ## unit tests only
	$(PYTEST) -q -n auto tests/unit

sim: setup ## the whole switch on virtual time
	$(PYTEST) -q -n auto tests/sim

e2e: setup clients ## real SIP clients against the running switch
	$(PYTEST) -q tests/e2e

fmt: setup ## format the code
	$(BIN)/ruff check --fix-only -q . && $(BIN)/ruff format -q .

lint: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup ## mypy --strict, tests too
	$(BIN)/mypy

arch: setup ## the import contracts
	$(BIN)/lint-imports

wheel-test: setup ## the built wheel, in a clean environment, from another directory
	@bash .ci/wheel-test

check: lint types arch ## lint, types, architecture

ci: check wheel-test test ## what CI runs

bench: setup ## cores per 1,000 calls, delay, CPU per answered call
	$(BIN)/python -m bench

fuzz: setup ## a million malformed messages, fresh seeds
	HYPOTHESIS_PROFILE=fuzz $(PYTEST) -q tests/unit -k "properties or arbitrary or fuzz" -p no:cacheprovider
	$(BIN)/python bench/fuzz.py --cases 1000000

diagrams: setup ## draw the state machines from their tables
	$(BIN)/python docs/generate_states.py

golden: setup ## rewrite the golden traces; read the diff
	$(PYTEST) -q tests/unit/sip --update-golden

lock: setup ## refresh requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --group dev --extra phones pyproject.toml \
	  --no-emit-index-url --no-emit-find-links --no-header -q -o requirements.lock

clean: ## remove what was built
	rm -rf $(VENV) dist build demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis
