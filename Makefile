.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help setup demo test test-docker test-kubernetes check stack setup-retailer setup-wholesaler bench quality chaos
.PHONY: up ps logs run-bot speak down clean

help: ## Show what this Makefile can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: system packages, npm packages, the Whisper model
	@scripts/setup.sh

demo: setup ## One real meeting through both products (KEEP=1 leaves it running for you to join)
	@node e2e/src/demo-cli.ts $(if $(KEEP),--keep)

stack: setup ## Run both products until Ctrl-C and stream their logs
	@node e2e/src/stack-cli.ts

test: setup check ## Types, lint, and every test
	@turbo run test --concurrency=1 --continue --output-logs=new-only

test-docker: setup ## The tests that need a Docker daemon; starts one when run as root (ONLY="runner meeting balancer products")
	@scripts/test-docker.sh

test-kubernetes: setup ## Bots as pods and both Helm charts at a real API server, which is built once (Go 1.26, ten minutes)
	@npm run --silent test:kubernetes -w wholesaler/bot-manager
	@npm run --silent test:kubernetes -w wholesaler/deploy

check: ## Types and lint only
	@tsc && biome check .

bench: setup ## Speed and how it grows, next to peers where they can be installed (QUICK=1 for a short run)
	@$(if $(QUICK),VEXA_BENCH_QUICK=1) turbo run bench --concurrency=1 --continue --ui=stream --log-prefix=none

quality: setup ## Whether the words are right: errors, losses, inventions and delays on real voices (QUICK=1 as above)
	@$(if $(QUICK),VEXA_BENCH_QUICK=1) turbo run quality --concurrency=1 --continue --ui=stream --log-prefix=none

chaos: setup ## What breaks when parts are killed, cut off or lied to: the tests of faults at their widest
	@scripts/chaos.sh

setup-retailer: ## Run a retailer with Docker: secrets, containers, a first user (VEXA_INFRA_API_URL=… VEXA_INFRA_API_KEY=…)
	@scripts/setup-retailer.sh

setup-wholesaler: ## Run a wholesaler with Docker: secrets, images, containers, a first user (COMPOSE_PROFILES=cpu,traefik)
	@scripts/setup-wholesaler.sh

up: ## Start the wholesaler with Docker; the first time this is setup-wholesaler
	@scripts/compose.sh up

ps: ## What of the wholesaler is running, and which bots
	@scripts/compose.sh ps

logs: ## Follow the logs of the wholesaler; one service: make logs-gateway, logs-bot-manager, logs-transcription …
	@scripts/compose.sh logs

logs-%:
	@scripts/compose.sh logs $*

# USER is in every environment, as the one who is logged in, and KEY in many: what counts is what is said to make.
said = $(if $(filter command,$(firstword $(origin $1))),$($1))
run-bot: ## Send a bot of the wholesaler to a meeting (MEETING=my-room USER=user123, KEY= of another than the first user)
	@BOT_USER='$(call said,USER)' BOT_KEY='$(call said,KEY)' scripts/compose.sh run-bot

speak: ## Let somebody join a room of the meeting room and speak recorded sentences once a bot is there (MEETING=my-room)
	@scripts/compose.sh speak

down: ## Stop the wholesaler; what it stored stays
	@scripts/compose.sh down

clean: ## Stop the wholesaler and remove its containers and volumes: users, meetings, transcripts, models
	@scripts/compose.sh clean
