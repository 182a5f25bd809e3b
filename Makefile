# Every command of this project. `make` alone lists them.
# Written for GNU make 3.81 (macOS) and POSIX sh: no newer features.

SHELL  := /bin/sh
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
WORKERS := 2

.DEFAULT_GOAL := help
.PHONY: help demo test soak lint bench serve clean setup format docs lock

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## import the example estate into a fresh home (.demo) and look around
	@sh tools/demo.sh

test: $(STAMP) ## run the tests (long suites bounded) with branch coverage
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term

soak: $(STAMP) ## run the long suites in full; result in bench/results/soak.md
	$(BIN)/python tools/soak.py

lint: $(STAMP) ## check style, types, layers, sizes, the lock file and the generated docs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/gates.py
	$(BIN)/python tools/lock_check.py
	$(BIN)/python tools/docs.py --check

bench: $(STAMP) ## measure the spine on generated estates; tables in bench/results
	$(BIN)/python bench/spine.py

serve: ## start the web service (not there yet)
	@echo "There is no web service yet: it comes with a later release." >&2
	@echo "Until then the command line is the door: $(BIN)/muniment --help" >&2
	@exit 2

clean: ## remove the virtual environment, the demo home and all caches
	@sh tools/clean.sh

setup: $(STAMP) ## make or refresh .venv (the other commands do it by themselves)

format: $(STAMP) ## format the code and apply the safe fixes of the linter
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: $(STAMP) ## write the generated pages of docs/ anew
	$(BIN)/python tools/docs.py

lock: $(STAMP) ## resolve requirements.lock anew (UPGRADE=--upgrade takes newer versions)
	$(BIN)/uv pip compile --quiet --universal --group dev pyproject.toml --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header $(UPGRADE) -o requirements.lock

$(STAMP): requirements.lock pyproject.toml tools/setup.sh
	@sh tools/setup.sh $(VENV)
	@touch $(STAMP)
