# The one index of commands. Each is a script in scripts/ that can be called alone, and .ci/run calls the same ones.

.DEFAULT_GOAL := help
.PHONY: help setup run build test test-peers check e2e bench fmt

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build what changed and serve http://127.0.0.1:3000 with the sample content
	@scripts/run.sh

test: ## Run all tests: unit, store on both engines, API, browser
	@scripts/test.sh

test-peers: ## The operator guide and both Waldur clients for Python, on both engines
	@scripts/test-peers.sh

check: ## Formatting, lints, import rules, file lengths
	@scripts/check.sh

e2e: ## Only the browser tests, on SQLite
	@scripts/e2e.sh

build: ## Leave a self-contained release in dist/
	@scripts/build.sh

bench: ## Measure gateway, ledger and page against their peers (bench/RESULTS.md)
	@bench/run.sh

fmt: ## Format the Rust code
	@cargo fmt --all

setup: ## Install the tools that are missing; the other commands do it by themselves
	@scripts/setup.sh
