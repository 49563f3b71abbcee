# From a clean clone: `make run`, then `make ui`. Everything lives in .venv and in $RCM_HOME (.rcm).
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
PYTEST := $(BIN)/pytest -n 2

.DEFAULT_GOAL := help
.PHONY: help env run ui spark parity test lint style types sql format glossary pictures bench prove constraints clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(READY) ## Make the environment alone: what stands in .venv/bin

run: $(READY) ## Build the world, the lake, the warehouse and the published marts; print the proof
	@$(BIN)/rcm run

ui: $(READY) ## Start the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/rcm ui

# Java comes from the system; what else Spark needs goes into .venv. Two executors, each a process.
SPARK := .venv/.spark
EXECUTORS ?= local-cluster[2,1,2048]
spark: $(SPARK) ## The same run with the models on Spark, by two executors
	@RCM_TARGET=spark RCM_SPARK_MASTER='$(EXECUTORS)' $(BIN)/rcm run

ENGINE ?= spark
parity: $(READY) $(if $(filter spark,$(ENGINE)),$(SPARK)) ## Build what is loaded in DuckDB and on Spark (ENGINE=postgres: PostgreSQL), and compare every table
	@$(BIN)/rcm parity $(ENGINE)

$(SPARK): $(READY)
	command -v java >/dev/null || { $$(command -v sudo) apt-get update && $$(command -v sudo) apt-get install --yes openjdk-17-jre-headless; }
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,spark]'
	@touch $@

test: lint ## Run the linters, and the tests that a change needs
	$(PYTEST) -m "not prove" --durations=10

lint: $(READY) ## Check style, types, SQL and YAML
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target style types sql

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/yamllint .

types: $(READY)
	$(BIN)/mypy

# a quarter of its time is Python's search for cycles in trees that it keeps anyway
SQLFLUFF := $(BIN)/python -c 'import gc; gc.set_threshold(200_000); from sqlfluff.cli.commands import cli; cli()'
sql: $(READY)
	RCM_LAKE=none RCM_WAREHOUSE=:memory: RCM_AS_OF=2025-12-31 $(SQLFLUFF) lint --processes 2 rcm_dbt/models rcm_dbt/analyses

format: $(READY) ## Mend style where a tool can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

glossary: $(READY) ## Write the tables of docs/glossary.md and docs/first_hour_hospitals.md anew
	$(BIN)/python -m rcm_platform_tests.documents.glossary
	$(BIN)/python -m rcm_platform_tests.documents.hospital_layout

pictures: $(READY) ## Take the pictures of README.md anew, from a finished run
	$(BIN)/python -m rcm_platform_tests.documents.pictures

bench: $(READY) ## Stage times against the bare work
	@$(BIN)/rcm bench

prove: lint $(READY) ## Everything, before a change is called done
	$(PYTEST) --durations=0 --durations-min=10
	@$(BIN)/rcm bench

$(READY): constraints.txt pyproject.toml setup.py
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

constraints: $(READY) ## Pin what the environment holds now
	{ sed -n 1p constraints.txt; $(BIN)/pip freeze --exclude-editable; } > constraints.new
	mv constraints.new constraints.txt

clean: ## Remove everything that the platform wrote (not the environment)
	rm -rf $${RCM_HOME:-.rcm}
