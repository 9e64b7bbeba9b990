# Aliases for people who type make; every target is an npm script.
.DEFAULT_GOAL := help
.PHONY: help start dev demo test migrate typecheck lint format ci

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

start: ## the whole system on this machine
	@npm start

dev: ## the same as start
	@npm run dev

demo: ## one job from its creation to its completion
	@npm run demo

test: ## all tests on real servers
	@npm test

migrate: ## the tables of DATABASE_URL up to this release
	@npm run migrate

typecheck: ## the compiler
	@npm run typecheck

lint: ## the linter
	@npm run lint

format: ## prettier over everything
	@npm run format

ci: ## what the build server runs
	@npm run ci
