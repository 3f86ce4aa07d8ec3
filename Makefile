# `make help` lists what one can do. Everything is set up on demand, from requirements.lock, into .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3.11
BASE_PYTHON := $(shell command -v $(PYTHON) || command -v python3)
UV_VERSION := 0.13.9
BIN := .venv/bin

export EVERGREEN_LANDING_DIR ?= $(CURDIR)/landing
export EVERGREEN_WAREHOUSE_DIR ?= $(CURDIR)/warehouse
export EVERGREEN_DAGSTER_DIR := $(abspath $(EVERGREEN_WAREHOUSE_DIR))/dagster
export DAGSTER_HOME := $(CURDIR)
export DBT_PROFILES_DIR := $(CURDIR)
# Not the target of a shell in which `mf query` was used.
export DBT_TARGET := duckdb
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1
export PYTHONPATH := $(CURDIR)
# Without bytecode every process would compile dbt, Dagster and Great Expectations anew: tens of seconds each time.
unexport PYTHONDONTWRITEBYTECODE
ACCOUNTS ?= 2500
SEED ?= 7
PORT ?= 3000

.PHONY: help setup run rollback metrics actions tune-health compare-health ui test test-long pytest dbt-unit lint format spark bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# A virtual environment with exactly the locked packages, each verified by its hash.
.venv/.locked: requirements.lock
	@echo "setting up .venv (once per change of requirements.lock)"
	@test -x $(BIN)/python || $(BASE_PYTHON) -m venv .venv 2>/dev/null || { \
		rm -rf .venv && $(BASE_PYTHON) -m venv --without-pip .venv && $(BASE_PYTHON) -m pip --python .venv/bin/python install -q pip; } || { \
		echo "error: $(BASE_PYTHON) cannot create a virtual environment; install Debian's python3-venv and try again"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/python -m uv pip sync -q --require-hashes --compile-bytecode --python $(BIN)/python requirements.lock
	@touch $@

setup: .venv/.locked ## Install the locked packages into .venv

run: setup ## Write sample extracts if landing/ is empty, then run the daily job and publish
	@mkdir -p $(EVERGREEN_LANDING_DIR)
	@if [ -z "$$(find $(EVERGREEN_LANDING_DIR) -type f -not -name '.*' -print -quit)" ]; then \
		echo "$(EVERGREEN_LANDING_DIR) is empty: writing the extracts of a sample company"; \
		$(BIN)/python -m sample --out $(EVERGREEN_LANDING_DIR) --accounts $(ACCOUNTS) --seed $(SEED); fi
	@$(BIN)/python -m orchestration run

rollback: setup ## Show readers the version before the current one
	@$(BIN)/python -m orchestration rollback

metrics: setup ## Show the last twelve months of retention, churn and renewals, and how to ask for more
	@$(BIN)/python -m orchestration metrics

actions: setup ## Show whom to call today and why
	@$(BIN)/python -m orchestration actions

tune-health: setup ## Learn weights of the health score from who left and judge them (WRITE=1: put them into the seed)
	@$(BIN)/python -m orchestration tune-health $(if $(WRITE),--write)

compare-health: setup ## Set the published health score beside another version of it (VERSION=…, or seeds)
	@$(BIN)/python -m orchestration compare-health $(if $(VERSION),--version $(VERSION))

ui: setup ## Open Dagster on 127.0.0.1 (PORT=3000)
	@mkdir -p $(EVERGREEN_DAGSTER_DIR)
	@$(BIN)/dagster dev -m orchestration.definitions -h 127.0.0.1 -p $(PORT)

test: setup ## Lint, types, Spark compile, dbt and Python tests, full runs on a small sample
	@$(MAKE) --no-print-directory -j 2 --output-sync=target lint spark dbt-unit
	@$(MAKE) --no-print-directory pytest

test-long: setup ## Runs killed at ten places, daily deltas under a reader, marts broken on purpose (half an hour)
	@$(BIN)/python -m pytest -q -m long

pytest: setup ## Python unit tests, and whole runs on small companies
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not long"

# Unit tests bring their own rows; only the shapes of the tables must exist, so they are built from an empty landing.
dbt-unit: setup ## dbt unit tests
	@rm -rf target/unit && mkdir -p target/unit/landing
	@EVERGREEN_LANDING_DIR=target/unit/landing EVERGREEN_WAREHOUSE_DIR=target/unit $(BIN)/python -m tests.empty_build
	@EVERGREEN_AS_OF_DATE=2024-06-30 EVERGREEN_BUILD_DB=$(CURDIR)/target/unit/build/build.duckdb EVERGREEN_TEMP_DIR=$(CURDIR)/target/unit/tmp \
		$(BIN)/dbt --quiet build --target-path target/unit/dbt --exclude-resource-type test

lint: setup ## ruff, mypy, sqlfluff (dbt templater), dbt parse
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy orchestration sample
	@EVERGREEN_BUILD_DB=$(EVERGREEN_WAREHOUSE_DIR)/build/build.duckdb $(BIN)/dbt --quiet parse --show-all-deprecations
	@$(BIN)/sqlfluff lint --processes 2 models macros tests/dbt

format: setup ## Let ruff and sqlfluff rewrite what they can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .
	@$(BIN)/sqlfluff fix --processes 2 models tests/dbt

spark: setup ## Parse and compile every model for the Spark adapter
	@rm -rf target/spark
	@$(BIN)/python tests/compile_for_spark.py --target-path target/spark

bench: setup ## Measure the daily job against the floor (ACCOUNTS=25000)
	@$(BIN)/python -m benchmarks --accounts $(ACCOUNTS)

clean: ## Remove everything that a run or a test wrote, except landing/ and .venv
	rm -rf $(EVERGREEN_WAREHOUSE_DIR) target logs .pytest_cache .mypy_cache .ruff_cache .hypothesis
