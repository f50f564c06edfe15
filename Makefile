# Two commands do everything: `make demo` and `make test`. Each makes .venv first, if it is not there.
PYTHON ?= $(or $(shell command -v python3.11),python3)
# TORCH=cpu takes torch's small CPU build (about 200 MB) instead of the one with CUDA.
TORCH ?=
BIN := .venv/bin

# A mirror folder of public files beside the checkout is used where there is one.
export PANAKEIA_DATA ?= $(abspath $(wildcard ../shared/data))

.PHONY: install demo test lint lock neo4j notebooks

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
ifeq ($(TORCH),cpu)
	printf '%s\n' torch triton $$(sed -n 's/^\(nvidia-[a-z0-9-]*\|cuda-[a-z0-9-]*\)==.*/\1/p' requirements.lock) > .venv/cuda-packages.txt
	$(BIN)/uv pip install --python $(BIN)/python --torch-backend cpu "$$(sed -n 's/^\(torch==[^ ;]*\).*/\1/p' requirements.lock)"
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes --excludes .venv/cuda-packages.txt -r requirements.lock
else
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements.lock
endif
	$(BIN)/uv pip install --python $(BIN)/python --no-deps -e .
	touch $@

demo: install
	$(BIN)/panakeia demo

# Three processes, one after the other: a process keeps the memory of every embedded store that it has opened.
GRAPH := $(addprefix tests/kg/,cohorts kgx query rdf stores)
test: install
	$(BIN)/python -m pytest $(GRAPH)
	$(BIN)/python -m pytest tests/kg $(addprefix --ignore=,$(GRAPH))
	$(BIN)/python -m pytest --ignore=tests/kg

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

lock:
	$(BIN)/uv pip compile --universal --no-emit-index-url --generate-hashes --extra dev --python-version 3.11 pyproject.toml -o requirements.lock

neo4j:
	docker compose up --detach --wait neo4j

notebooks: install
	$(BIN)/jupyter lab notebooks
