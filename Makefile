# Every target is one script; the scripts say what they do and why. Extra arguments: make run ARGS="--help"
.DEFAULT_GOAL := help
.PHONY: help setup run dev check test proof lint fmt bench bench-large soak release clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'
setup: ## install what building and testing need (run and test do it by themselves)
	@scripts/setup --test
run: ## build and start the server
	@scripts/run $(ARGS)
dev: ## the same, and again on every change
	@scripts/dev $(ARGS)
check: ## format, lints, unit and contract tests of what changed: minutes
	@scripts/check $(ARGS)
test: ## everything: format, lints, unit, both databases, end to end
	@scripts/test $(ARGS)
proof: ## what takes too long for every change: soaks, long fuzzing, figures, every picture
	@scripts/proof
lint: ## format and lints only
	@scripts/test lint
fmt: ## format the sources
	@scripts/fmt
bench: ## benchmarks
	@scripts/bench $(ARGS)
bench-large: ## benchmarks on a large database
	@scripts/bench --large $(ARGS)
soak: ## load for a long time, watching memory
	@scripts/soak $(ARGS)
release: ## the optimised binary: target/dist/tandem
	@scripts/release
clean: ## delete what was built (never ./data)
	@scripts/clean
