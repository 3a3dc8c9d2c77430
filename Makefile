# Every target works alone on a fresh Debian or Ubuntu machine with root and Python 3.11 or later.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
CODE := sdk/holdfast operator/holdfast_operator serving-image/holdfast_serving tests docs/examples

.PHONY: help venv lock fmt lint types arch verify crds generate coverage test-unit test-integration test-e2e test demo demo-clean cluster cluster-clean images bench bench-serving bench-slow-clients bench-rollout bench-story bench-metrics bench-drift bench-peers fuzz

help: ## show the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  \033[1m%-17s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.ready: requirements/dev.lock sdk/pyproject.toml operator/pyproject.toml serving-image/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Holdfast needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11." >&2; exit 1; }
	@echo "making $(VENV) (about 1 minute)"
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e sdk -e operator -e serving-image
	@touch $@

venv: $(VENV)/.ready ## make the virtual environment with everything that development needs

lock: ## resolve the dependencies again and write requirements/*.lock
	@$(PY) -m pip install --quiet uv
	@$(PY) -m uv lock --quiet --upgrade
	@$(PY) -m uv export --quiet --no-header --no-emit-workspace --group dev --format requirements-txt > requirements/dev.lock
	@$(PY) -m uv export --quiet --no-header --no-emit-workspace --no-dev --package holdfast-operator > requirements/operator.lock
	@$(PY) -m uv export --quiet --no-header --no-emit-workspace --no-dev --package holdfast-serving > requirements/server.lock
	@$(PY) -m uv export --quiet --no-header --no-emit-workspace --no-dev --package holdfast-serving --extra evaluator > requirements/evaluator.lock
	@$(PY) -m uv pip compile --quiet --upgrade --no-header --generate-hashes --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
		--constraints requirements/server.lock --output-file requirements/server-gpu.lock requirements/server-gpu.in
	@$(PY) -m uv pip compile --quiet --upgrade --no-header --generate-hashes --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
		--only-binary :all: --constraints requirements/server.lock --output-file requirements/evaluator-extras.lock requirements/evaluator-extras.in
	@for each in requirements/clients-*.in requirements/envoy.in; do \
		$(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --only-binary :all: \
			--no-header --no-annotate --output-file $${each%.in}.lock $$each || exit 1; done

bench-peers: venv ## resolve the packages that the benchmarks compare with
	@$(PY) -m pip install --quiet uv
	@for peer in fastapi kserve mlserver; do $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/bench-$$peer.in --output-file requirements/bench-$$peer.lock; done
	@for peer in alibi evidently nannyml river; do $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: --no-header --no-annotate requirements/bench-drift-$$peer.in --output-file requirements/bench-drift-$$peer.lock; done

fmt: venv ## format the code
	@$(VENV)/bin/ruff format --quiet $(CODE)
	@$(VENV)/bin/ruff check --quiet --fix $(CODE)

lint: venv ## style and common mistakes (ruff)
	@$(VENV)/bin/ruff format --check $(CODE)
	@$(VENV)/bin/ruff check $(CODE)

types: venv ## static types (mypy --strict, tests too)
	@$(VENV)/bin/mypy $(CODE)

arch: venv ## the import rules of the layers (import-linter)
	@$(VENV)/bin/lint-imports --no-cache

crds: venv ## write the CRDs, the chart's copy and the API reference from the pydantic models
	@$(PY) -m holdfast_operator.crds

generate: crds ## write everything that is generated: CRDs, reference pages, golden manifests
	@$(PY) -m tests.unit.cli.reference
	@$(PY) -m tests.unit.operator.reference
	@$(PY) -m tests.unit.sdk.report.reference
	@$(PY) -m tests.unit.serving.reference
	@$(PY) -m tests.unit.serving.grpc.generated_messages
	@$(PY) -m tests.integration.chart.reference
	@$(VENV)/bin/pytest --quiet --no-header --update-golden tests/unit/operator/core/test_reasons_reference.py tests/unit/operator/manifests

GENERATED := tests/unit/cli/test_main.py tests/unit/operator/test_reference.py tests/unit/serving/test_reference.py \
	tests/unit/sdk/report/test_reference.py \
	tests/unit/serving/grpc/test_generated_messages.py \
	tests/unit/operator/core/test_reasons_reference.py tests/unit/operator/manifests \
	tests/integration/chart/test_chart.py::test_the_reference_page_is_that_of_the_values

verify: venv ## make everything that is generated anew and fail on a difference
	@$(PY) -m holdfast_operator.crds --check
	@$(VENV)/bin/pytest --quiet --no-header $(GENERATED)

test-unit: venv ## unit tests (seconds, no I/O)
	@$(VENV)/bin/pytest tests/unit

PURE := holdfast_operator.core holdfast_operator.manifests holdfast_operator.api \
	holdfast.performance holdfast.two_samples holdfast.expected_loss holdfast.drift holdfast.divergence_tests holdfast.count_table holdfast.dyadic_windows \
	holdfast.overdispersion holdfast.input_faults holdfast.drift_settings holdfast.drift_alarms holdfast.drift_detector holdfast.drift_state \
	holdfast.binning holdfast.numeric_block holdfast.row_counter holdfast.quantile_bins \
	holdfast.residual holdfast.rebinning holdfast.profile holdfast.evaluation holdfast.answers holdfast.slices holdfast.row_overlap holdfast.gaps holdfast.bootstrap \
	holdfast.replicates holdfast.score_curve holdfast.ranking_gain holdfast.gate holdfast.gate_terms \
	holdfast.report holdfast.distributions holdfast.importance \
	holdfast.audit holdfast.openlineage holdfast.redaction

coverage: venv ## unit tests; fail unless every branch of decisions, manifests, API and statistics is taken
	@$(VENV)/bin/pytest --quiet --no-header tests/unit $(PURE:%=--cov=%) --cov-branch --cov-fail-under=100

test-integration: venv ## tests against a real API server, HTTP and S3
	@$(PY) -m tests.cluster prepare integration
	@$(VENV)/bin/pytest tests/integration

test-e2e: venv ## tests on a real Kubernetes node
	@$(PY) -m tests.cluster prepare e2e
	@$(VENV)/bin/pytest tests/e2e

test: venv ## all tests, fast ones first
	@$(PY) -m tests.cluster prepare
	@$(VENV)/bin/pytest tests/unit tests/integration tests/e2e

cluster: venv ## start a one-node Kubernetes cluster
	@$(PY) -m tests.cluster up

cluster-clean: venv ## remove that cluster without a trace
	@$(PY) -m tests.cluster down

images: venv ## build the operator and serving images and print their sizes (IMAGE=server-gpu: only that one)
	@$(PY) -m tests.cluster images $(IMAGE)

bench: bench-serving bench-story ## the two benchmarks below

bench-serving: venv ## measure the server beside FastAPI, KServe and MLServer, judge every target (about 6 minutes)
	@$(PY) -m tests.benchmarks.serving

bench-slow-clients: venv ## measure clients beside 2,000 connections that send or read slowly (about 2 minutes)
	@$(PY) -m tests.benchmarks.slow_clients

bench-rollout: venv ## a million requests over rolling updates on a real node, none of which may fail (about 10 minutes once built)
	@$(PY) -m tests.cluster prepare e2e
	@$(PY) -m tests.benchmarks.rollout

bench-metrics: venv ## measure what counting and a scrape of /metrics cost (10 seconds)
	@$(PY) -m tests.benchmarks.metrics

MONTHS ?= 6
bench-drift: venv ## measure drift detection beside Evidently, NannyML, Alibi Detect, PSI rules and river (about 15 minutes; MONTHS=6)
	@$(PY) -m tests.benchmarks.drift --months $(MONTHS)

bench-story: venv ## measure the bike story beside the model left alone (10 seconds)
	@PYTHONPATH=docs/examples $(PY) -m tests.benchmarks.bikeshare_story

fuzz: venv ## a million mutated inputs into everything that reads what strangers send (about 5 minutes)
	@$(PY) -m tests.fuzz

demo: venv ## the whole loop on a real node with real bike rides (about 5 minutes once built)
	@$(PY) -m tests.demo run

demo-clean: venv ## remove the demo's cluster
	@$(PY) -m tests.demo clean
