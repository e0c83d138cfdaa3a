#!/usr/bin/env bash
# Sets up a retailer on this machine with Docker: .env with fresh secrets, the containers, a first user. Safe to run again:
# it overwrites nothing and makes no second user.
#   make setup-retailer VEXA_INFRA_API_URL=https://wholesaler.example VEXA_INFRA_API_KEY=vxa_…
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}
compose() { docker compose -f docker-compose.retailer.yml "$@"; }
value_of() { sed -n "s/^$1=//p" .env | tail -n 1; }

for program in docker openssl curl; do
  command -v "$program" >/dev/null || fail "$program is missing: install it and run this again."
done
docker compose version >/dev/null 2>&1 || fail "Docker Compose 2 is missing: https://docs.docker.com/compose/install/"
docker info >/dev/null 2>&1 || fail "The Docker daemon does not answer: start it, or set DOCKER_HOST."

ask() { # name, question
  local answer=${!1:-}
  if [ -z "$answer" ] && [ -t 0 ]; then read -rp "$2: " answer; fi
  [ -n "$answer" ] || fail "$1 is missing. Run: make setup-retailer VEXA_INFRA_API_URL=… VEXA_INFRA_API_KEY=…" \
    "(the address of the wholesaler's gateway, and the key of this retailer's system user there)"
  printf -v "$1" '%s' "$answer"
}

if [ -e .env ]; then
  say "Using .env as it is"
else
  ask VEXA_INFRA_API_URL "Address of the wholesaler's gateway"
  ask VEXA_INFRA_API_KEY "Key of this retailer's system user at the wholesaler"
  say "Writing .env with fresh secrets"
  umask 077
  sed -e "s|^ADMIN_API_TOKEN=.*|ADMIN_API_TOKEN=$(openssl rand -hex 32)|" \
    -e "s|^WHOLESALER_WEBHOOK_SECRET=.*|WHOLESALER_WEBHOOK_SECRET=$(openssl rand -hex 32)|" \
    -e "s|^PUBLIC_URL=.*|PUBLIC_URL=${PUBLIC_URL:-}|" \
    -e "s|^VEXA_INFRA_API_URL=.*|VEXA_INFRA_API_URL=${VEXA_INFRA_API_URL//|/}|" \
    -e "s|^VEXA_INFRA_API_KEY=.*|VEXA_INFRA_API_KEY=${VEXA_INFRA_API_KEY//|/}|" \
    env-example.retailer >.env.new
  printf '\n# The database of docker-compose.retailer.yml.\nPOSTGRES_PASSWORD=%s\n' "$(openssl rand -hex 24)" >>.env.new
  mv .env.new .env
fi

say "Starting Postgres and the retailer"
compose up --detach --build --wait --wait-timeout 300 || {
  compose logs --tail 30 retailer >&2
  fail "The retailer did not become healthy: its last lines are above."
}

admin="http://127.0.0.1:$(value_of RETAILER_ADMIN_PORT | grep . || echo 8057)"
users="http://localhost:$(value_of RETAILER_PORT | grep . || echo 8056)"
token=$(value_of ADMIN_API_TOKEN)
call() { # method, path, body
  # The operator's key goes through a file: arguments can be read by everybody on the machine.
  curl -sS --fail-with-body -X "$1" "$admin$2" -H 'content-type: application/json' \
    -H @<(printf 'X-Admin-API-Key: %s' "$token") ${3:+--data "$3"}
}

if call GET '/admin/users?limit=1' | grep -q '"email"'; then
  say "Ready. There are users already; more by: POST $admin/admin/users (docs/api at $users/docs)"
  exit 0
fi
id=$(call POST /admin/users '{"email":"first@example.com","name":"First user","max_concurrent_bots":3}' |
  sed 's/.*"id":\([0-9]*\).*/\1/')
key=$(call POST "/admin/users/$id/tokens" '{"name":"first key"}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
say "Ready. The first user's key, shown only now:"
printf '  %s\n\nTry it:\n' "$key"
printf "  curl -X POST %s/bots -H 'X-API-Key: %s' -H 'content-type: application/json' \\\\\n" "$users" "$key"
printf "    -d '{\"platform\":\"google_meet\",\"native_meeting_id\":\"abc-defg-hij\"}'\n"
printf "  curl %s/meetings -H 'X-API-Key: %s'\n" "$users" "$key"
