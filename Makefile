# The verbs of the project. All of them start from an empty clone and make what they need first.
BIN := .venv/bin
# What it is built into is written anew by each installation of the package, so that its age says nothing.
EXTENSION := labextension/lib/.made
SOURCES := $(shell find labextension/src labextension/style labextension/schema -type f) \
	$(wildcard labextension/tsconfig*.json)
# Most tests wait for processes more than they compute: three at a time even on two cores. Files come
# in their order: sorted by their number of tests, the few long ones would be left for the end.
SIDE_BY_SIDE := --numprocesses 3 --dist loadfile --no-loadscope-reorder
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
JLPM := cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo lab items test check format bench build lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: .venv/made-demo ## train and evaluate a network on this machine; needs no Node.js
	@$(BIN)/jupyter platform demo

lab: .venv/made-runtime $(EXTENSION) ## open JupyterLab with the platform in it
	@nice $(BIN)/jupyter platform items build digit-classifier >/dev/null 2>&1 & # what people try first
	@$(BIN)/jupyter platform lab $(ALLOW_ROOT) $(LAB_ARGUMENTS)

items: .venv/made-runtime ## make the weights of the marketplace's own items, some minutes
	@$(BIN)/jupyter platform items build

test: .venv/made-development labextension/node_modules/.made ## run everything that needs neither root, nor a browser, nor a peer
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not root and not browser and not gpu and not slow and not peer" $(PYTEST_ARGUMENTS)
	@$(JLPM) test

slow: .venv/made-development ## run the tests that take minutes each, such as agents that learn
	@$(BIN)/python -m pytest -m slow -rP

check: .venv/made-development labextension/node_modules/.made ## format, lint, types, import layers, spelling
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/codespell
	@$(BIN)/validate-pyproject pyproject.toml
	@$(BIN)/python scripts/write_wire_types.py --check
	@$(JLPM) check

format: .venv/made-development labextension/node_modules/.made ## put every file into the project's format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@$(JLPM) format

bench: .venv/made-benchmarks ## measure what the README quotes, with peers beside
	@$(BIN)/python -m benchmarks

build: .venv/made-development $(EXTENSION) ## make the wheel and the source distribution in dist/
	@rm -rf dist
	@$(BIN)/python -m build

lock: .venv/made-runtime ## resolve all Python packages anew into constraints.txt
	@$(BIN)/python scripts/lock.py

clean: ## remove all that was made, the environment too
	rm -rf .venv .make .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	rm -rf labextension/node_modules labextension/lib labextension/*.tsbuildinfo jupyter_platform/labextension
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/made-demo: pyproject.toml constraints.txt
	@scripts/bootstrap demo
	@touch $@

.venv/made-runtime: pyproject.toml constraints.txt
	@scripts/bootstrap runtime
	@touch .venv/made-demo $@

.venv/made-development: pyproject.toml constraints.txt
	@scripts/bootstrap development
	@touch .venv/made-demo .venv/made-runtime $@

.venv/made-benchmarks: pyproject.toml constraints.txt
	@scripts/bootstrap benchmarks
	@touch .venv/made-demo .venv/made-runtime $@

labextension/node_modules/.made: labextension/package.json labextension/yarn.lock labextension/.yarnrc.yml | .venv/made-runtime
	@scripts/bootstrap javascript
	@touch $@

$(EXTENSION): labextension/node_modules/.made $(SOURCES)
	@scripts/bootstrap labextension
	@touch $@
