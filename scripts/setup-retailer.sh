#!/usr/bin/env bash
# Sets up a retailer on this machine with Docker: .env with fresh secrets, the containers, a first user. Safe to run again:
# it overwrites nothing and makes no second user. Any variable of env-example.retailer may be given:
#   make setup-retailer VEXA_INFRA_API_URL=https://wholesaler.example VEXA_INFRA_API_KEY=vxa_…
set -euo pipefail
cd "$(dirname "$0")/.."
product=retailer env_file=.env
. scripts/product.sh
require_docker

ask() { # name, question
  local answer=${!1:-}
  if [ -z "$answer" ] && [ -t 0 ]; then read -rp "$2: " answer; fi
  [ -n "$answer" ] || fail "$1 is missing. Run: make setup-retailer VEXA_INFRA_API_URL=… VEXA_INFRA_API_KEY=…" \
    "(the address of the wholesaler's gateway, and the key of this retailer's system user there)"
  printf -v "$1" '%s' "$answer"
}

if [ -e "$env_file" ]; then
  say "Using $env_file as it is"
else
  ask VEXA_INFRA_API_URL "Address of the wholesaler's gateway"
  ask VEXA_INFRA_API_KEY "Key of this retailer's system user at the wholesaler"
  say "Writing $env_file with fresh secrets"
  for secret in POSTGRES_PASSWORD ADMIN_API_TOKEN WHOLESALER_WEBHOOK_SECRET; do
    printf -v "$secret" '%s' "$(openssl rand -hex 32)"
  done
  PUBLIC_URL=${PUBLIC_URL:-}
  write_env_file
fi

start_product "Building and starting the retailer and its Postgres" 300 --build

admin="http://127.0.0.1:$(value_of RETAILER_ADMIN_PORT 8057)"
welcome "http://localhost:$(value_of RETAILER_PORT 8056)" google_meet abc-defg-hij
