# One line around uv each; `make help` lists them. Python 3.11 to 3.14 with venv is all a machine must have.
.DEFAULT_GOAL := help
.PHONY: help setup serve test test-neo4j check fix bench schema docs lock
UV := .ci/uv
RUN := $(UV) run
ENVIRONMENT := .venv/.installed
# A process for each core, each with engines of its own; a file's tests stay together, as they share a graph.
PYTEST := $(RUN) pytest --numprocesses auto --maxprocesses 4 --dist loadfile

help: ## list these commands
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: $(ENVIRONMENT) ## install exactly what uv.lock names into .venv/

serve: $(ENVIRONMENT) ## start the server on the embedded graph, data in ./data
	@$(RUN) aruna serve

test: $(ENVIRONMENT) ## unit, contract and end-to-end tests on the embedded graph
	$(PYTEST)

# The faces run on Neo4j too (leave the folders out): their Cypher is what these folders test. tests/graphstore comes
# first: what the planner chooses is asked of a graph whose statistics no other test has shaped.
test-neo4j: $(ENVIRONMENT) ## the contract tests on a real Neo4j (needs JDK 17+ and Maven)
	$(PYTEST) --neo4j -m neo4j tests/graphstore tests/contracts tests/model tests/e2e

check: $(ENVIRONMENT) ## formatting, lint, types, layers
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) pyright
	$(RUN) lint-imports

fix: $(ENVIRONMENT) ## format, and mend what lint can
	$(RUN) ruff format
	$(RUN) ruff check --fix

bench: $(ENVIRONMENT) ## time the system, each figure beside what the machine can do without it
	$(RUN) python -m bench

schema: $(ENVIRONMENT) ## write schema/schema.graphql
	$(RUN) aruna export-schema > .tools/schema.graphql && mv .tools/schema.graphql schema/schema.graphql

docs: $(ENVIRONMENT) ## write the generated pages, and the generated parts of README.md
	$(RUN) python -m app.readme
	$(RUN) python -m app.rules_page
	$(RUN) python -m app.s3_page

lock: ## resolve the dependencies anew into uv.lock (versions and hashes; no index is named)
	$(UV) lock && sed -E -i.old 's#https://[^/"]+/(simple|packages/)#https://index.invalid/\1#' uv.lock && rm uv.lock.old

# Not `uv sync`: that takes the addresses written in the lock file, also where pip was told to use a mirror.
# The exported list has versions and hashes alone, and is found on whatever index this machine has.
$(ENVIRONMENT): pyproject.toml uv.lock .ci/uv
	@$(UV) venv --quiet --allow-existing .venv
	@$(UV) export --quiet --frozen --no-annotate --output-file .tools/requirements.txt
	@$(UV) pip sync --quiet .tools/requirements.txt
	@touch $@
