# Everything a newcomer needs: `make demo`, `make test`. Python 3.11+ and make are enough.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

export DO_NOT_TRACK = 1
export PREFECT_SERVER_ANALYTICS_ENABLED = false
export MLFLOW_DISABLE_TELEMETRY = true
export OMP_WAIT_POLICY = PASSIVE

.PHONY: help demo test test-slow check bench serve screenshots lock format clean

help:            ## what can be made
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Takt needs Python 3.11 or newer, this is " + sys.version + ". Try: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)   ## a simulated company, the whole loop, tomorrow's call list with reasons
	$(BIN)/takt demo

PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

test: $(STAMP)   ## what the project promises, in minutes
	$(PYTEST) -m "not slow"

test-slow: $(STAMP) ## the rest of it: kills, schedules, a real CRM, notebooks, the demo
	$(PYTEST) -m slow

check: $(STAMP)  ## style, types, and the arrows between the floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)-bench/.installed $(VENV)-featuretools/.installed ## how fast, as ratios beside named peers, in one run
	$(VENV)-bench/bin/python -m benchmarks

serve: $(STAMP)  ## the app on http://127.0.0.1:8000
	$(BIN)/takt serve

screenshots: $(STAMP) ## a picture of each page of the demo into docs/img
	$(BIN)/python -m tools.screenshots

format: $(STAMP) ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

RESOLVE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11
COMPILE = $(RESOLVE) --extra cluster --extra postgres --extra evaluate --extra dev pyproject.toml

lock: $(STAMP)   ## resolve the pins again (no index address is written)
	$(COMPILE) -o requirements.lock
	$(COMPILE) -c requirements.lock --extra bench -o benchmarks/requirements.lock
	$(COMPILE) -c requirements.lock --extra trust -o tests/trust/requirements.lock
	$(RESOLVE) benchmarks/featuretools.in -o benchmarks/featuretools.lock

# what only benchmarks or `make trust` need lies in venvs of their own, over the same pins
$(VENV)-bench/.installed: benchmarks/requirements.lock
$(VENV)-trust/.installed: tests/trust/requirements.lock
$(VENV)-bench/.installed $(VENV)-trust/.installed: pyproject.toml $(STAMP)
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --require-hashes -r $(filter %.lock,$^)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --no-deps --no-build-isolation -e .
	@touch $@

# a peer that does not live with the project's pandas: pins of its own, nothing of the project
$(VENV)-featuretools/.installed: benchmarks/featuretools.lock $(STAMP)
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --require-hashes -r $<
	@touch $@

clean:           ## forget the venv and the demo's data
	rm -rf $(VENV) $(VENV)-bench $(VENV)-featuretools $(VENV)-trust .takt
