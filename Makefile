# `make run` and `make test` need Python 3.11, gcc and make, and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORE := $(filter-out laiobench/native/_core.c,$(wildcard laiobench/native/*.[ch]))

.PHONY: run test lint docs peers clean

run: $(VENV)/.installed
	$(BIN)/laiobench run

# Two at a time, and then those that must be alone, whatever became of the first.
test: $(VENV)/.installed
	$(BIN)/pytest -n 2 --dist worksteal -m "not alone"; first=$$?; \
	$(BIN)/pytest -m alone && exit $$first

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What is made from definitions: docs/options.md.
docs: $(VENV)/.installed
	$(BIN)/python docs/options.py

# Beside fio, qemu-img and the system calls alone, in pairs.  Root; minutes.
peers: $(VENV)/.installed
	$(BIN)/python tests/peers $(PEERS)

# Editable, so that Python changes need no install; a change of the core does.
$(VENV)/.installed: pyproject.toml setup.py laiobench/native/build.py $(CORE)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info laiobench/native/_core.*
