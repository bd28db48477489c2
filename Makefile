# Everything runs in .venv, which holds the toolkit, in .venv/snnhw-lava a small Python 3.10 for Lava, and in
# .venv/snnhw-nengo nengo-loihi.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= demo
CASES ?= 120000
GRAPHS ?= 10000
EVERY ?= 0
TORCH ?= 2.14.1
OTHER := .venv-torch-$(TORCH)
SEED ?= 1
# Links to all files in the order in which they are installed, since mypy does not follow package-dir.
STAGED := build/staged

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all test-torch fuzz fuzz-engines lint docs clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.installed $(VENV)/.lava $(VENV)/.nengo  ## Make .venv with the toolkit and the interpreters of Lava and nengo-loihi

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "snnhw needs Python 3.10 or newer; call make with PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[all]"
	@touch $@

$(VENV)/.lava: $(VENV)/.installed exporters/lava/requirements.txt
	$(BIN)/snnhw lava install
	@touch $@

$(VENV)/.nengo: $(VENV)/.installed exporters/nengo_loihi/requirements.txt
	$(BIN)/snnhw nengo install
	@touch $@

demo: setup  ## Train on handwritten digits, export, simulate, count, report (about 5 minutes); OUT=folder
	$(BIN)/snnhw demo --out $(OUT)

test: setup  ## Run the tests that CI runs
	$(BIN)/python -m pytest -m "not very_slow" -n 2 --dist loadfile

test-all: setup  ## Run every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-torch: $(OTHER)/.installed  ## Run nn, train, tracing and engine with TORCH=2.9.1, in an environment of its own (GB)
	$(OTHER)/bin/python -c 'import torch; print("torch", torch.__version__)'
	$(OTHER)/bin/python -m pytest -m "not very_slow" -n 2 --dist loadfile \
	  $$($(OTHER)/bin/python -m tests.old_triton) tests/nn tests/train tests/tracing tests/simulation
	$(OTHER)/bin/snnhw train digits --set epochs=2 --out $(OTHER)/digits

# Another torch, and whatever it needs, beside what is pinned for ours; PyPI's builds bring CUDA's libraries with them.
# The interpreter of Triton before 3.6 makes scalars of arrays with one number, which NumPy refuses from 2.4 on.
$(OTHER)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(OTHER)
	grep -vE '^(torch|triton|numpy)==' constraints.txt > $(OTHER)/constraints.txt
	echo 'numpy<2.4' >> $(OTHER)/constraints.txt
	$(OTHER)/bin/python -m pip install --quiet -c $(OTHER)/constraints.txt -e ".[train,report,tensorboard,test]" "torch==$(TORCH)"
	@touch $@

fuzz: setup  ## Give the gates for files 120,000 damaged files, a few minutes; CASES=number SEED=number
	$(BIN)/python -m tests.fuzz_gates --cases $(CASES) --seed $(SEED)

fuzz-engines: setup  ## Random graphs through every engine of integers; GRAPHS=number SEED=number EVERY=number
	$(BIN)/python -m tests.fuzz_engines --graphs $(GRAPHS) --seed $(SEED) --every $(EVERY)

lint: setup  ## ruff, and mypy on the package as it is installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -rf $(STAGED)
	@$(BIN)/python tests/staged.py $(STAGED)
	cd $(STAGED) && $(abspath $(BIN))/mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache

docs: setup  ## Build the documents into site/, warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:  ## Remove .venv and everything that was built
	rm -rf $(VENV) .venv-torch-* build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
