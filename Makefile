# Needs make and Python >= 3.11, nothing else. Another interpreter: make PYTHON=python3.12 <target>
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
INSTALLED := .venv/.installed
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo up test check format lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## orders from every channel through their whole life, then an audit (ARGS="--orders 20 --seed 1")
	@$(BIN)/orderhub demo $(ARGS)

up: $(INSTALLED) ## everything on this machine: Temporal, sandbox, gateway, console, worker
	@$(BIN)/orderhub up $(ARGS)

test: $(INSTALLED) ## the tests (ARGS="tests/domain")
	$(BIN)/pytest -n 4 --dist loadgroup $(ARGS)

check: $(INSTALLED) ## style, types, import rules, determinism of workflows, one chain of migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.house.determinism workflows
	$(BIN)/python -m tests.house.migrations store/migrations/versions

format: $(INSTALLED) ## put the code into house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## renew requirements.lock (the only target that needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv; no other target does" >&2; exit 1; }
	uv pip compile --quiet --universal --all-extras --generate-hashes --no-header --no-annotate -p 3.11 \
		--upgrade --output-file requirements.lock pyproject.toml

clean: ## remove the virtual environment and caches (the data of `orderhub up` stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "orderhub needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)" >&2; \
		exit 1; }
	@echo "installing into .venv (about a minute the first time)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
