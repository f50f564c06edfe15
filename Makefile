# Two commands do everything: `make demo` and `make test`. Each makes .venv first, if it is not there.
PYTHON ?= $(or $(shell command -v python3.11),python3)
# TORCH=cpu takes torch's small CPU build (about 200 MB) instead of the one with CUDA.
TORCH ?=
BIN := .venv/bin

# A mirror folder of public files beside the checkout is used where there is one.
export PANAKEIA_DATA ?= $(abspath $(wildcard ../shared/data))
# Each process would compile torch and the rest anew where Python may not keep what it has compiled.
unexport PYTHONDONTWRITEBYTECODE

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

# Eight processes, two at a time, the longest first: each computes on one core and shows its output when it has ended.
PARTS := guide records neo4j twin rest faces store network
TESTS_guide := tests/test_readme.py tests/test_notebooks.py
TESTS_faces := $(addprefix tests/panakeia/,api assistants desk hooks page)
RECORDS := tests/kg/patients tests/kg/cohorts tests/panakeia
TESTS_records := $(RECORDS) $(addprefix --ignore=,$(TESTS_faces))
TESTS_store := tests/kg/stores tests/kg/query
TESTS_neo4j := tests/gnn tests/kg
TESTS_network := tests/gnn gnn
TESTS_twin := tests/twin twin
TESTS_rest := $(addprefix --ignore=,$(TESTS_guide) $(RECORDS) $(TESTS_store) $(TESTS_network) $(TESTS_twin))
test: install
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target --keep-going $(addprefix test-,$(PARTS))

test-neo4j:
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m neo4j $(TESTS_neo4j)
$(addprefix test-,$(filter-out neo4j,$(PARTS))): test-%:
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not neo4j" $(TESTS_$*)

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
