# Lockgate. `make up` runs the gateway, `make test` runs every test; both make the environment first.
# Needs Python 3.12 or later, make and git; tests also install Debian's chromium and friends where they are allowed to.

PYTHON ?= $(shell command -v python3.13 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
TEST_ARGS ?=
FUZZ_SECONDS ?= 60

.PHONY: up test clients clients-table lint bench bench-formats bench-discovery bench-policy bench-replay mutation fuzz docs lock clean environment test-environment proof-environment

up: environment
	$(BIN)/lockgate up

# Installing clients waits for the network most of the time: beside it, the sources are checked.
test: test-environment
	$(MAKE) $(if $(CI),-j2 lint clients && $(MAKE) proof-environment,lint)
	$(BIN)/python -m pytest -n auto --dist loadfile $(TEST_ARGS)

lint: test-environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

# The SDKs and command-line tools that tests drive, in environments of their own (2.5 GB).
clients: test-environment
	./tests/e2e/real_clients/install

# Drives them and writes down what they do, for the table in docs/reference/clients.md.
clients-table: clients
	LOCKGATE_WRITE_RESULTS=1 $(BIN)/python -m pytest -n 0 -q tests/e2e/test_real_clients.py
	$(BIN)/python docs/generate.py

bench: test-environment
	$(BIN)/python bench/run.py $(BENCH_ARGS)

bench-formats: test-environment
	$(BIN)/python bench/formats.py $(BENCH_ARGS)

bench-replay: test-environment
	$(BIN)/python bench/replay.py $(BENCH_ARGS)

bench-discovery: proof-environment
	$(BIN)/python bench/discovery.py $(BENCH_ARGS)

bench-policy: test-environment
	$(BIN)/python bench/policy.py $(BENCH_ARGS)

# Changes the policy evaluator in small ways, one at a time, and lists the changes that no test notices: mutmut results.
mutation: proof-environment
	LOCKGATE_BRIEF_LAWS=1 $(BIN)/mutmut run

fuzz: proof-environment
	$(BIN)/python fuzz/run.py --seconds $(FUZZ_SECONDS) $(FUZZ_ARGS)

docs: test-environment
	$(BIN)/python docs/generate.py

environment: $(VENV)/.runtime-made

test-environment: $(VENV)/.dev-made

$(VENV)/.runtime-made: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12))' || { echo "Lockgate needs Python 3.12 or later; set PYTHON=..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev-made: requirements-dev.lock pyproject.toml $(VENV)/.runtime-made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	./tests/install-components
	@touch $@

# What `make fuzz` and `make bench-discovery` need beside the rest: large, and of the tests only fuzzing's short run uses it.
proof-environment: $(VENV)/.proof-made

$(VENV)/.proof-made: requirements-proof.lock $(VENV)/.dev-made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-proof.lock
	@touch $@

# Renews the locks. The universal resolution holds for every supported Python; hashes pin what is installed.
lock: test-environment
	$(BIN)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-annotate \
	  pyproject.toml locks.in -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-annotate \
	  pyproject.toml locks.in --group dev -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-annotate \
	  --group proof -c requirements-dev.lock -o requirements-proof.lock

clean:
	rm -rf $(VENV) .clients tests/e2e/real_clients/node/node_modules var dist build fuzz/corpus
