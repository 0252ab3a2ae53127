# `make` lists the targets. Everything lives in .venv; what CI runs is a target here.
.DEFAULT_GOAL := help
VENV := .venv
PYTHON := $(VENV)/bin/python
SETUP := .make/setup

.PHONY: help setup demo example-low-light example-house-prices test lint types wheel check mutate bench docs clean

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name line; do printf '  make %-20s %s\n' "$$name" "$$line"; done

setup: $(SETUP)  ## Make .venv with driftline and everything its tests need; again only when that changed

# The stamp goes stale with the virtual environment, too: a removed .venv is made again.
ifeq ($(wildcard $(PYTHON)),)
.PHONY: $(SETUP)
endif
$(SETUP): pyproject.toml constraints.txt
	@set -e; \
	for name in python3.13 python3.12 python3.11 python3 python; do \
	  if "$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$name"; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "driftline needs Python 3.11 or newer with its venv module (python3-venv on Debian): none on PATH" >&2; exit 1; fi; \
	echo "setup: $$("$$found" --version) -> $(VENV)"; \
	if command -v uv >/dev/null 2>&1; then \
	  [ -x $(PYTHON) ] || uv venv --quiet --python "$$(command -v "$$found")" $(VENV); \
	  uv pip install --quiet --python $(PYTHON) -c constraints.txt --group dev -e '.[arrow,avro,importance,notebook,parquet,protobuf,torch]'; \
	else \
	  [ -x $(PYTHON) ] || "$$found" -m venv $(VENV); \
	  $(PYTHON) -m pip install --quiet --upgrade 'pip>=25.1'; \
	  $(PYTHON) -m pip install --quiet -c constraints.txt --group dev -e '.[arrow,avro,importance,notebook,parquet,protobuf,torch]'; \
	fi
	@mkdir -p $(@D) && touch $@

demo: $(SETUP)  ## A day of traffic in two minutes, on a real local Kafka: drift opens, is explained, resolves
	$(VENV)/bin/driftline demo

example-low-light: $(SETUP)  ## A model of pictures, a tap, and the light goes out: two minutes, on a real local Kafka
	$(PYTHON) -m examples.low_light.run

example-house-prices: $(SETUP)  ## One shift, two features: importance decides severity; a minute, on a real local Kafka
	$(PYTHON) -m examples.house_prices.run

test: $(SETUP)  ## Run the whole test suite (the tests start their own Kafka; Java and Maven needed)
	$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(SETUP)  ## Lint, and check that the formatter has nothing to do
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types: $(SETUP)  ## Check types, strictly
	$(VENV)/bin/mypy

wheel: $(SETUP)  ## Build the wheel and check what is in it, which way imports point, and the sizes of things
	$(PYTHON) -m pytest -q tests/packaging

check: lint types wheel  ## Everything quick that CI asks for before the tests

mutate: $(SETUP)  ## Damage 10,000 records of every format (20 minutes): nothing stops, and the ledger adds up
	DRIFTLINE_MUTATIONS=10000 $(PYTHON) -m pytest -q --timeout 1800 tests/laws/test_format_laws.py -k damaged

bench: $(SETUP)  ## Measure against bare numpy and bare decoding; print the table
	$(PYTHON) benchmarks/run.py

docs: $(SETUP)  ## Write the generated pages again (configuration reference, example)
	$(PYTHON) docs/generate.py

clean:  ## Remove what these targets made; Kafka's jars stay in the user's cache
	rm -rf $(VENV) .make dist build .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
