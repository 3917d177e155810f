# Everything a person types. `make help` says what each does.
# Set up by stamps: what has not changed is not done again.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMPS := $(VENV)/stamps
PYTEST_ARGS ?=
WEB_SOURCES := $(shell git ls-files frontend 2>/dev/null || find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*')

.PHONY: help
help: ## Say what can be made.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: venv build-web ## Start everything here and print the addresses (PORT=8000, AUDIO_SLOTS=4).
	@exec $(PY) -m legal_intake.runner

.PHONY: reset
reset: ## Forget all data of `make run`: firms, conversations, recordings, passwords.
	@scripts/reset

.PHONY: test
test: venv-dev build-web ## Set up what is missing and run every test.
	@scripts/system-packages
	@scripts/test $(PYTEST_ARGS)

.PHONY: lint
lint: venv-dev ## ruff, mypy --strict, import-linter, migrations, and that the web app type-checks.
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports --no-cache
	cd frontend && npm run --silent typecheck

.PHONY: bench
bench: venv-dev ## Run the benchmarks beside their peers and print one table.
	@$(PY) -m bench

.PHONY: eval
eval: venv-dev ## How well the interview understands, classifies, warns, guards and holds a rehearsal: one table, and docs/quality.md.
	@$(PY) -m tests.evals

.PHONY: proof
proof: venv-dev build-web ## Run the long tests: 1,000 kills and cuts, 1,000 firms migrated.
	@$(PY) -m pytest -m proof -p no:randomly --timeout=0 $(PYTEST_ARGS)

.PHONY: stack-test
stack-test: venv-dev ## The whole stack on whatever engine answers `docker info` (STACK_SECONDS=1080).
	@scripts/stack-test $(PYTEST_ARGS)

.PHONY: nginx-test
nginx-test: venv-dev ## nginx with our configuration: `nginx -t`, 200 domains, limits, reloads; says so where no nginx is.
	@$(PY) -m pytest -q -rs -p no:randomly tests/deploy/test_nginx_render.py tests/deploy/test_nginx_behaviour.py tests/deploy/test_nginx_in_front.py $(PYTEST_ARGS)

.PHONY: lint-deploy
lint-deploy: ## shellcheck, actionlint and docker compose config; says which of them is missing here.
	@scripts/lint-deploy

# After `make images`, in this order; VERSION and IMAGE_PREFIX say which. The release workflow runs the same.
RELEASE := .data/release

.PHONY: sbom scan push-images sign-images verify-images
sbom: ## Describe every image of ours in an SPDX file (syft).
	@scripts/release sbom $(RELEASE)/sbom
scan: ## Look for known holes in them (grype).
	@scripts/release scan $(RELEASE)/sbom
push-images: ## Push them and note their digests.
	@mkdir -p $(RELEASE)
	@scripts/release push $(RELEASE)/images.txt
sign-images: ## Sign the digests and attest what is in them (cosign).
	@scripts/release sign $(RELEASE)/images.txt $(RELEASE)/sbom
verify-images: ## Check that the digests are signed by our release workflow.
	@scripts/release verify $(RELEASE)/images.txt

.PHONY: deploy
deploy: ## Deploy the digests that were pushed, on this server.
	@scripts/release pin $(RELEASE)/images.txt > $(RELEASE)/pinned.yml
	@COMPOSE_FILE=docker-compose.yml:$(RELEASE)/pinned.yml ./deploy.sh

.PHONY: capacity capacity-page
capacity: venv ## Users to pods, connections, storage and money (CAPACITY_ARGS="--input my.yaml").
	@$(PY) deploy/capacity/capacity $(CAPACITY_ARGS)
capacity-page: venv ## Write docs/capacity.md anew.
	@$(PY) deploy/capacity/capacity --write

.PHONY: certificates-bench
certificates-bench: venv-dev ## What a thousand domains cost (KUBECONFIG, or etcd and kube-apiserver on the PATH).
	@$(PY) -m bench.certificates

.PHONY: chart-test
chart-test: venv-dev ## The chart without a cluster: lint, schemas, policies, suites; says which tool is missing here.
	@scripts/chart-test $(PYTEST_ARGS)

.PHONY: cluster-test
cluster-test: venv-dev ## The chart on the cluster that KUBECONFIG names, in namespaces of its own (CLUSTER_SECONDS=900).
	@scripts/cluster-test $(PYTEST_ARGS)

.PHONY: render-k8s
render-k8s: venv ## Render k8s/ and the tables of docs/kubernetes.md from the chart.
	@scripts/render-k8s
	@$(PY) deploy/chart/tables.py

.PHONY: chart-package push-chart
chart-package: ## Package the chart.
	@mkdir -p $(RELEASE) && helm package helm/legal-intake --destination $(RELEASE)
push-chart: chart-package ## Push it as an OCI artefact (CHART_REGISTRY=oci://...).
	@helm push $(RELEASE)/legal-intake-$$(sed -n 's/^version: //p' helm/legal-intake/Chart.yaml).tgz $(CHART_REGISTRY)

.PHONY: template
template: venv ## Rebuild tenants/template.sql, the schema a new firm starts from.
	@$(PY) -m legal_intake.make_template

.PHONY: lock
lock: venv-dev ## Compile each requirements*.in to a file with hashes, all with the same versions.
	@scripts/lock

.PHONY: images
images: ## Build our container images (VERSION=dev, IMAGE_PREFIX=).
	@scripts/images

.PHONY: swarm
swarm: venv ## Make deploy/swarm/stack.yml, the stack for Docker Swarm, from docker-compose.yml.
	@$(PY) deploy/swarm/generate.py

.PHONY: venv
venv: $(STAMPS)/requirements ## Make .venv with the locked requirements.

.PHONY: venv-dev
venv-dev: $(STAMPS)/requirements-dev

.PHONY: build-web
build-web: frontend/dist/.built ## Build the web app into frontend/dist.

# A stamp holds the hash of the file it was made from, so a checkout that only touches times costs nothing.
$(STAMPS)/requirements: requirements.txt
	@scripts/install $(PYTHON) requirements.txt $@

$(STAMPS)/requirements-dev: requirements-dev.txt $(STAMPS)/requirements
	@scripts/install $(PYTHON) requirements-dev.txt $@

frontend/dist/.built: $(WEB_SOURCES)
	@scripts/build-web
