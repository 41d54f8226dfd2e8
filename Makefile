# Nextep: find your next episode. `make run` starts the site, `make test` runs the tests.
# Quoted everywhere, because the project may live in a folder with a space in its name.

PYTHON ?= python3.11
DATA ?= ../shared/data
PORT ?= 8000
ES ?= ../shared/elasticsearch
BIN = .venv/bin
PYTEST_ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK = 1
# The home folder may be read-only, and two BLAS threads make two-core machines slower.
export PIP_NO_CACHE_DIR ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test test-es bench evaluate screenshots lint clean

help: ## Name every target
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: .venv/installed .venv/bin/nextep ## Make .venv and install the pinned requirements (does nothing when they are)

.venv/installed: requirements.txt
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "Python 3.11 is needed: no $(PYTHON) found. Set PYTHON=/path/to/python3.11" >&2; exit 1; }
	test -x "$(BIN)/python" || "$(PYTHON)" -m venv .venv
	@# torch first: what depends on it must find it installed, or pip fetches the largest build.
	"$(BIN)/python" -m pip install --quiet "$$(grep -E '^torch==' requirements.txt)"
	"$(BIN)/python" -m pip install --quiet -r requirements.txt
	@touch .venv/installed

.venv/bin/nextep: scripts/nextep .venv/installed
	@install -m 755 scripts/nextep "$(BIN)/nextep"

install-dev: install .venv/installed-dev

.venv/installed-dev: requirements-dev.txt .venv/installed
	"$(BIN)/python" -m pip install --quiet -r requirements-dev.txt
	@touch .venv/installed-dev

run: install ## Index the bundled catalogue if it is not, and serve the site on http://127.0.0.1:8000
	@"$(BIN)/python" cli.py index --if-missing
	@"$(BIN)/python" cli.py serve --port "$(PORT)"

lint: install-dev ## Ruff and mypy
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"

test: lint ## Lint and every test that needs neither root nor a server
	"$(BIN)/python" -m pytest $(PYTEST_ARGS)

test-es: install-dev ## The tests that need Elasticsearch; starts one (ES=folder of cluster.py) unless ELASTICSEARCH_URL names one
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/test_es.sh "$(ES)" $(PYTEST_ARGS)

evaluate: install ## Measure the quality of search and of the recommenders on real data (DATA=folder)
	"$(BIN)/python" cli.py evaluate search --data "$(DATA)"
	@# The two engines on the whole catalogue, where there is a server to compare with.
	@if [ -n "$$ELASTICSEARCH_URL" ]; then "$(BIN)/python" cli.py evaluate parity --data "$(DATA)"; \
		else echo "Parity of the engines: left out, ELASTICSEARCH_URL is not set."; fi
	@# About a quarter of an hour on two cores; --minutes bounds each set, and the report says what it took.
	"$(BIN)/python" cli.py evaluate recommenders --data "$(DATA)" --dataset mal_lists --dataset mal_status \
		--dataset ml1m --dataset ml100k --dataset gowalla --dataset lastfm

bench: install-dev ## Measure speed on real data (DATA=folder); with ELASTICSEARCH_URL both engines beside each other
	"$(BIN)/python" cli.py bench search --data "$(DATA)"
	"$(BIN)/python" cli.py bench embed --data "$(DATA)"
	"$(BIN)/python" cli.py bench people
	"$(BIN)/python" cli.py bench load --data "$(DATA)"
	"$(BIN)/python" cli.py bench pages --out reports/bench.md

screenshots: install-dev ## Take the pictures of the README and of docs/tour.md
	@"$(BIN)/python" cli.py index --if-missing
	"$(BIN)/python" scripts/screenshots.py

clean: ## Remove what is generated, the environment too
	rm -rf .venv var .pytest_cache .ruff_cache .mypy_cache
