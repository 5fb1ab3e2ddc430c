# `make help` lists what there is. Every target works from nothing: it makes .venv first.
VENV := .venv
READY := $(VENV)/.ready
UV_VERSION := 0.13.8
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

.DEFAULT_GOAL := help
.PHONY: help setup repro quick ablation feature-study test test-long lint types layers check smoke clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(READY) ## Make .venv with everything in uv.lock

$(READY): pyproject.toml uv.lock
	@for python in python3.11 python3.12 python3.13 python3; do \
	  if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "make: Python 3.11, 3.12 or 3.13 is needed; none is on PATH" >&2; exit 1; fi; \
	$$found -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(VENV)/bin/uv sync --quiet --frozen --inexact --compile-bytecode
	@barograph compile
	@touch $@

repro: setup ## Run the whole pipeline on the configured data and print the closing table
	@barograph params
	@dvc repro
	@cat reports/summary.txt

quick: setup ## The same path on two models and a few folds; `make repro` goes back to the whole
	@barograph params experiment=quick
	@dvc repro
	@cat reports/summary.txt

ablation: setup ## Measure what each part of the memory is worth; the next `make repro` shows it in the report
	@barograph params
	@dvc repro studies/ablation/dvc.yaml
	@mkdir -p studies/published
	@cp studies/ablation/headline.csv studies/ablation/facts.json studies/published/
	@cat studies/ablation/summary.txt

feature-study: setup ## Measure what each family of features is worth, and all of them beside eleven inputs
	@barograph params
	@dvc repro studies/features/dvc.yaml
	@mkdir -p studies/published/features
	@cp studies/features/headline.csv studies/features/facts.json studies/published/features/
	@cat studies/features/summary.txt

test: setup ## Run the test suite, the pipeline on a small simulated market included
	@python -m pytest

test-long: setup ## Run what `make test` leaves out: the same properties on more cases
	@python -m pytest -m long

lint: setup ## Check style and formatting
	@ruff check
	@ruff format --check

types: setup ## Check types
	@mypy

layers: setup ## Check that no layer imports from above
	@lint-imports

check: lint types layers ## Run every static check, params.yaml and uv.lock included
	@barograph params --check
	@uv lock --check --quiet

smoke: setup ## Run the pipeline part of the suite alone
	@python -m pytest -m smoke

clean: ## Remove what `make setup` made
	@rm -rf $(VENV)
