# make app: everything from a fresh clone to http://127.0.0.1:8501 (EXTRAS=app,ray,llamacpp,export: with these parts of pyproject.toml).
# make test: that and the test tools, then the whole test suite.
# make check: what tells within two minutes that the source is in order; .ci/run calls it before the tests.
PYTHON ?= python3
PYTHON312 ?= python3.12
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOLS := $(VENV)/.tools
SITE := $(VENV)/.docs
EXTRAS ?= app
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
export SPEXVIZ_HOME ?= $(HOME)/.cache/spexviz

.PHONY: app setup tools docs browser check test test-fast wheel-test bench bench-full bench-app bench-ablations shots pictures campaign clean

app: setup
	$(BIN)/spexviz serve

setup: $(READY)
	@$(BIN)/spexviz models --fetch

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "spexviz needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) -e '.[$(EXTRAS)]'
	touch $@

# What tests and checks need on top: several times as much.
tools: setup $(TOOLS)

$(TOOLS): $(READY)
	$(INSTALL) -e '.[test]'
	touch $@

browser: tools
	@sh tools/find-browser.sh $(BIN)/python

# Two files at a time, with a thread each; those with a browser, which wait most of their time, after the others. One of these that fails
# is tried once more, and the end says which did ("RERUN"): a machine that stands still for seconds has failed it, or it is to be looked at.
TWO := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile
test: tools browser
	$(TWO) -m "not browser"
	$(TWO) -m browser --reruns 1 -rR

test-fast: tools
	$(BIN)/python -m pytest -n 2 -m "not model and not browser"

check: tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/python -m tools.figures
	$(BIN)/python -m tools.reading
	$(BIN)/python -m pytest --doctest-modules spexviz
	$(BIN)/python -m tools.wheel

# The wheel in a bare environment, from an empty folder, the bundled models fetched and asked.
wheel-test: tools
	$(BIN)/python -m tools.wheel --bare

BENCH := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 SPEXVIZ_THREADS=1 $(BIN)/python -m

# Our solvers on the recorded games and on known functions: meant for 15 minutes on two cores.
bench: tools
	$(BENCH) benchmarks.engine
	$(BENCH) benchmarks.heads --show
	$(BENCH) benchmarks.training --show
	$(BENCH) benchmarks.near --show
	$(BENCH) benchmarks.standing --show
	$(BENCH) benchmarks.more coverage
	$(BENCH) benchmarks.proxyshap - --show
	$(BENCH) benchmarks.rules

# Beside spectralexplain and shapiq, in a virtual environment of their own: hours; goes on where it was stopped.
bench-full: tools
	$(BENCH) benchmarks.engine --store benchmarks/results/engine.json
	OMP_NUM_THREADS=2 SPEXVIZ_THREADS=2 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.peers timing
	$(BENCH) benchmarks.peers proxyspex spex others
	$(BENCH) benchmarks.near
	$(BENCH) benchmarks.standing
	$(BENCH) benchmarks.more
	$(PYTHON312) -m venv build/shapiq && build/shapiq/bin/python -m pip install --quiet shapiq==1.8.0 xgboost
	$(BENCH) benchmarks.proxyshap build/shapiq/bin/python --draws 2
	$(BENCH) benchmarks.tables --print

# The site of documents in build/site: reference from docstrings, help and variables from the code, notebooks as they ran.
docs: setup $(SITE)
	$(BIN)/python -m tools.documents
	$(BIN)/python -m tools.site
	@echo build/site/index.html

$(SITE): $(READY)
	$(INSTALL) -e '.[docs]'
	touch $@

bench-app: tools browser
	$(BIN)/python -m benchmarks.app

# Ablations a second against the naive loop, share of the machine's peak, noise, cost estimate (5 minutes, on a quiet machine); then 20 runs
# killed and resumed, 2,000 ablations against a real server with faults, ten million cached rows: another half hour.
bench-ablations: tools
	$(BIN)/python -m benchmarks.ablations
	$(BIN)/python -m benchmarks.kill --kills 20
	$(BIN)/python -m benchmarks.endpoint --ablations 2000 --rate 0.05
	$(BIN)/python -m benchmarks.cache --rows 10000000

# Pictures of every state at every width in both themes, in build/shots, and what is cut or too pale in them.
shots: tools browser
	$(BIN)/python -m tools.shots

# Those that README and docs show, cut from these.
pictures: tools browser
	$(BIN)/python -m tools.pictures

# What takes too long for every change: families of transformers beside transformers itself (docs/models.md), games drawn at random too, loads in
# fresh processes beside busy ones, thirty visitors for five minutes, a class of thirty in a lesson, faults on purpose, twenty kills in either precision, pictures of every state.
campaign: tools browser
	$(BIN)/python -m tools.families
	$(BIN)/python -m tools.differential
	$(BIN)/python -m tools.loads
	$(BIN)/python -m tools.load
	$(BIN)/python -m tools.load.lessons
	$(BIN)/python -m benchmarks.questions
	$(BIN)/python -m tools.shots
	SPEXVIZ_CAMPAIGN=1 $(BIN)/python -m pytest tests/browser tests/test_notebooks.py tests/test_documents.py
	$(BIN)/python -m tools.faults
	$(BIN)/python -m benchmarks.kill --kills 20 --precision fp32
	$(BIN)/python -m benchmarks.kill --kills 20 --precision auto

clean:
	rm -rf $(VENV) build dist *.egg-info
