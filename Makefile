# Python 3.11, its headers and venv, gcc and make: nothing else.  prerequisites.py tells what is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
C_FILES = $(shell find laiobench tests -name '*.[ch]' ! -name _core.c)
BUILT_FROM := pyproject.toml setup.py $(shell find laiobench -name 'build.py' -o -name '*.[ch]' ! -name _core.c)

.PHONY: run test laws lint format hooks docs peers clean

run: $(VENV)/.runs
	$(BIN)/laiobench run

# What runs once more on a core under sanitizers: what reaches most of it in least time.
SANITIZED := $(addprefix tests/cli/test_,sanitizers.py random_options.py ramps.py verify.py trim.py \
	misaligned.py written_data.py)

# The program is started some thousand times: what it imports is compiled once, whatever the environment says.
test: export PYTHONDONTWRITEBYTECODE =
# Two at a time, and then those that must be alone, whatever became of the first.
test: $(VENV)/.installed
	$(BIN)/pytest -n 2 --dist worksteal -m "not alone"; first=$$?; \
	$(BIN)/pytest -m alone; alone=$$?; \
	$(BIN)/pytest -n 2 --dist worksteal --sanitized -m "not alone" $(SANITIZED) && \
	exit $$((first || alone))

# What comparisons must hold, repeated ten times as often as `make test` does.  Half an hour.
laws: $(VENV)/.installed
	LAIOBENCH_LAWS=10 $(BIN)/pytest -o timeout=7200 tests/laws

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(BIN)/clang-format --dry-run --Werror $(C_FILES)
	$(BIN)/mypy

format: $(VENV)/.installed
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	@$(BIN)/clang-format -i $(C_FILES)

# Checks what is committed, by what .pre-commit-config.yaml names.
hooks: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check pre-commit
	$(BIN)/pre-commit install

# What is made from definitions: docs/options.md, and the arguments of Job.
docs: $(VENV)/.installed
	$(BIN)/python docs/options.py
	$(BIN)/python docs/arguments.py

# Beside fio, qemu-img and the system calls alone, in pairs: native AIO, and io_uring.  Root; minutes.
peers: $(VENV)/.installed
	$(BIN)/python tests/peers $(PEERS); native=$$?; \
	$(BIN)/python tests/peers --device=file --turns=0 $(PEERS) && exit $$native

# Editable, so that Python changes need no install; a change of the core does.
# What running needs, and with .installed what testing needs as well.
$(VENV)/.runs: $(BUILT_FROM)
	@$(PYTHON) prerequisites.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed: $(BUILT_FROM)
	@$(PYTHON) prerequisites.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $(VENV)/.runs $@

clean:
	rm -rf $(VENV) build dist *.egg-info
	find laiobench -name '_core.*' -delete
