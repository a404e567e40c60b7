# Longate: every target sets up what it needs; nothing is rebuilt needlessly.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := build/stamps
DEMO ?= demo
SEED ?= 2012

RUST_SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find src -name '*.rs')

.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-rust test-python test-minimum notebooks lint format docs wheel check-wheel bench scaling fuzz clean

help: ## Show this help
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-19s %s\n", $$1, $$2}'

$(STAMPS)/setup: pyproject.toml constraints.txt
	@mkdir -p $(STAMPS)
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Longate needs Python 3.11 or later; try make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt maturin
	@touch $@

$(STAMPS)/build: $(STAMPS)/setup $(RUST_SOURCES)
	PIP_CONSTRAINT=constraints.txt PIP_QUIET=1 $(BIN)/maturin develop --release --locked --extras dev --quiet
	@touch $@

setup: $(STAMPS)/setup ## Make the virtual environment in .venv
build: $(STAMPS)/build ## Compile the kernels (release) and install the package for development

demo: build ## Run the whole simulated study: report and executed notebook in demo/
	$(BIN)/longate demo --out $(DEMO) --seed $(SEED)
	@sed 's/seed=2012/seed=$(SEED)/' notebooks/01_responders.ipynb > $(DEMO)/01_responders.ipynb
	@$(BIN)/jupyter nbconvert --KernelManager.transport=ipc --log-level ERROR --to notebook --execute --inplace \
		$(DEMO)/01_responders.ipynb
	@echo "Report:   $(DEMO)/report.html"
	@echo "Notebook: $(DEMO)/01_responders.ipynb (executed)"

# Each suite has a time budget in seconds, where the machine has `timeout`.
TIMEOUT := $(shell command -v timeout)
within = $(if $(TIMEOUT),$(TIMEOUT) $(1))

test: test-rust test-python docs ## Run all tests: Rust, Python, notebooks, documentation

# Kernels have a version for AVX2 and one for every processor; both are tested.
PLAIN := LONGATE_SIMD=baseline

test-rust: ## Run the Rust tests (no Python involved)
	$(call within,600) cargo test --quiet --locked
	$(PLAIN) $(call within,600) cargo test --quiet --locked --lib

test-python: build ## Run the Python tests
	$(PLAIN) $(call within,600) $(BIN)/python -m pytest --quiet tests/gating tests/cytometry tests/real_data/test_gating_ml2.py
	$(call within,1800) $(BIN)/python -m pytest --quiet

# The oldest versions that pyproject.toml allows, in a virtual environment beside.
MINIMUM := .venv-minimum
MINIMUM_TESTS ?= tests
$(STAMPS)/minimum: $(STAMPS)/build constraints-minimum.txt
	test -x $(MINIMUM)/bin/python || $(PYTHON) -m venv $(MINIMUM)
	rm -rf build/minimum && $(BIN)/maturin build --release --locked --quiet --out build/minimum
	$(MINIMUM)/bin/python -m pip install --quiet --constraint constraints-minimum.txt \
		--force-reinstall build/minimum/*.whl pytest hypothesis nbclient nbformat ipykernel \
		nbmake distributed 'fsspec[http]' flowio flowcal lifelines
	@touch $@

test-minimum: $(STAMPS)/minimum ## Run the Python tests on the oldest versions that are allowed
	$(call within,1800) $(MINIMUM)/bin/python -m pytest --quiet $(MINIMUM_TESTS)

notebooks: build ## Execute every notebook on a real kernel
	@mkdir -p build/notebooks && cp notebooks/*.ipynb build/notebooks/
	$(call within,180) $(BIN)/python -m pytest --quiet --nbmake --overwrite --nbmake-timeout=120 build/notebooks

lint: build ## Check formatting, lints, types, stubs and who imports whom
	cargo fmt --check
	cargo clippy --quiet --locked --all-targets --all-features -- --deny warnings
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest longate._core
	$(BIN)/lint-imports

format: $(STAMPS)/setup ## Format Rust and Python
	cargo fmt
	$(BIN)/ruff format --quiet
	$(BIN)/ruff check --quiet --fix

docs: notebooks ## Build the documentation in build/site, without network; warnings are errors
	@mkdir -p docs/notebooks && cp build/notebooks/*.ipynb docs/notebooks/
	$(call within,300) $(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --fresh-env -b html docs build/site
	@echo "Site: build/site/index.html"

wheel: $(STAMPS)/setup ## Build a wheel for Linux with glibc 2.17 or later, and the sdist, in build/wheels
	$(BIN)/python -m pip install --quiet --constraint constraints.txt ziglang auditwheel
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/maturin build --release --locked --zig \
		--compatibility manylinux2014 --out build/wheels --quiet
	$(BIN)/maturin sdist --out build/wheels --quiet
	$(BIN)/python -m auditwheel show build/wheels/*.whl

check-wheel: wheel ## Install the wheel in empty environments, oldest and newest dependencies, and use it
	$(BIN)/python tests/packaging/check_wheel.py build/wheels

bench: build ## Measure the kernels in events per second
	cargo bench --locked

scaling: build ## Measure how gating scales, up to 10^8 events (a quarter of an hour, 5 GB)
	$(BIN)/python benches/gating_scaling.py --docs

MINUTES ?= 10
fuzz: build ## Fuzz the readers for MINUTES in all; what fails stays in fuzz/artifacts
	fuzz/run.sh $(MINUTES) $(abspath $(BIN)/python)

clean: ## Remove what was built; the demo stays
	rm -rf build target $(VENV) $(MINIMUM)
