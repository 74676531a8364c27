# The few commands people type. Each installs what it needs first; `make` alone lists them.
# Options: ARGS='...' goes to pytest, ENTRY=... names a cache entry.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ARGS ?=
ENTRY ?=
PYTHON := .venv/bin/python

# A Python 3.11 that works: a version manager's stand-in may be there and refuse.
FIND_PYTHON = for p in "$$SENTRY_CONFORMANCE_PYTHON" python3.11 /usr/bin/python3.11 /usr/local/bin/python3.11 \
	"$$HOME"/.pyenv/versions/3.11*/bin/python "$$HOME"/.local/share/uv/python/cpython-3.11*/bin/python3.11 python3; do \
	[ -n "$$p" ] && "$$p" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && break; p=; done
NO_PYTHON = "error: Python 3.11 was not found; next: install python3.11 and python3.11-venv, or run" \
	"uv python install 3.11, or name one in SENTRY_CONFORMANCE_PYTHON"

.PHONY: help conformance test detection crosscheck up down status kind-images kind-up kind-down kind-status target doctor lint \
	benchmark capacity report diff trend nightly clean-cache lock environment install rust

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

conformance: environment ## Bring the embedded stack up, judge it, print verdicts (ARGS='suites/ingestion -k store' chooses)
	@$(PYTHON) -m pytest $(if $(filter suites% ./suites%,$(ARGS)),,suites/) $(ARGS)

test: environment ## Run this project's own tests, with the embedded stack where they need it
	@$(if $(filter tests% ./tests%,$(ARGS)),,$(PYTHON) -m fixtures.embedded.install &&) \
	$(PYTHON) -m pytest $(if $(filter tests% ./tests%,$(ARGS)),,tests/) $(ARGS)

detection: install ## Break a stack of its own in every way of the catalogue and see that the checks notice (about 40 minutes)
	@$(PYTHON) -m pytest tests/detection --all-faults $(ARGS)

crosscheck: install ## Let an independent scanner (sslyze, installed into the cache) agree with our scan of TLS listeners
	@$(PYTHON) -m fixtures.tls.scanner && $(PYTHON) -m pytest tests/stack/test_crosscheck.py $(ARGS)

up: environment ## Start an embedded stack and keep it
	@$(PYTHON) -m fixtures.embedded up $(ARGS)

down: environment ## Stop the embedded stack
	@$(PYTHON) -m fixtures.embedded down $(ARGS)

status: environment ## Show each component: version, real or stand-in, pid, port, memory, CPU
	@$(PYTHON) -m fixtures.embedded status $(ARGS)

kind-images: environment ## Build every image of the kind stack from package registries (ENTRY=relay: that one; ENTRY=list)
	@$(PYTHON) -m fixtures.kind.images $(if $(ENTRY),$(if $(filter list,$(ENTRY)),--list,--only '$(ENTRY)')) $(ARGS)

kind-up: environment ## Make a kind cluster with the platform on it and keep it, or bring it up to date
	@$(PYTHON) -m fixtures.kind up $(ARGS)

kind-down: environment ## Remove the kind cluster that is kept
	@$(PYTHON) -m fixtures.kind down $(ARGS)

kind-status: environment ## Show every kind cluster and what runs on it
	@$(PYTHON) -m fixtures.kind status $(ARGS)

target: environment ## Write a first target file for --stack=existing (make -s target > target.yaml)
	@$(PYTHON) -m fixtures.kubernetes.discover $(ARGS)

doctor: ## Say what this machine lacks for each stack, and how to get it
	@$(FIND_PYTHON); [ -n "$$p" ] || p=python3; "$$p" -m fixtures.doctor $(ARGS)

lint: environment ## Check format, style, types and workflows
	@$(PYTHON) -m ruff format --check . && $(PYTHON) -m ruff check . && $(PYTHON) -m mypy . && $(PYTHON) -m fixtures.workflows

capacity: environment ## Find the sustainable rate by load, soak it, sign off events a day (ARGS='--repeats=3 --join=kept')
	@$(PYTHON) -m fixtures.load.capacity $(ARGS)

benchmark: environment ## Measure the stack against its bars, as ratios where a peer exists
	@$(PYTHON) -m tests.benchmark $(ARGS) && $(PYTHON) -m tests.benchmark_proof

report: ## Say where the latest report lies
	@if [ -e reports/out/latest ]; then cd reports/out/latest && pwd -P && ls -1; \
	else echo "error: there is no report yet; next: make conformance" >&2; exit 2; fi

diff: environment ## Say what changed from the run before to the newest (ARGS='OLD NEW --markdown')
	@$(PYTHON) -m reports diff $(ARGS)

trend: environment ## One page over the history: flakes, systematic failures, curves (reports/out/trend.html)
	@$(PYTHON) -m reports trend $(ARGS)

nightly: install ## Judge, load, sign off, report, compare, and remove old runs (ARGS='--stack=kind')
	@$(PYTHON) -m fixtures.nightly $(ARGS)

install: environment ## Install every server of the embedded stack into the cache, without starting one
	@$(PYTHON) -m fixtures.embedded.install

rust: environment ## Put a Rust toolchain into the cache, for a machine without one
	@$(PYTHON) -m fixtures.embedded.install --rust

clean-cache: environment ## Remove what no run used for a day (ENTRY=relay: that entry; ENTRY=list: show them)
	@$(PYTHON) -m fixtures.cache $(if $(filter list,$(ENTRY)),--list,$(if $(ENTRY),--remove '$(ENTRY)'))

lock: environment ## Resolve the locks in fixtures/locks anew
	@$(PYTHON) -m fixtures.relock $(ARGS)

environment:
	@$(FIND_PYTHON); [ -n "$$p" ] || { echo $(NO_PYTHON) >&2; exit 3; }; "$$p" -I fixtures/bootstrap.py
