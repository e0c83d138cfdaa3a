#!/usr/bin/env bash
# Sets up a wholesaler on this machine with Docker: .env.wholesaler with fresh secrets, the images, the containers, a first
# user. Safe to run again: it overwrites nothing and makes no second user.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}
env_file=.env.wholesaler
compose() { docker compose --env-file "$env_file" -f docker-compose.wholesaler.yml "$@"; }
value_of() { sed -n "s/^$1=//p" "$env_file" | tail -n 1; }

for program in docker openssl curl; do
  command -v "$program" >/dev/null || fail "$program is missing: install it and run this again."
done
docker compose version >/dev/null 2>&1 || fail "Docker Compose 2 is missing: https://docs.docker.com/compose/install/"
docker info >/dev/null 2>&1 || fail "The Docker daemon does not answer: start it, or set DOCKER_HOST."

if [ -e "$env_file" ]; then
  say "Using $env_file as it is"
else
  say "Writing $env_file with fresh secrets"
  socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
  case $socket in unix://*) socket=${socket#unix://} ;; *) fail "Bots need a Docker socket on this machine; DOCKER_HOST is $socket." ;; esac
  umask 077
  sed -e "s|^POSTGRES_PASSWORD=.*|POSTGRES_PASSWORD=$(openssl rand -hex 24)|" \
    -e "s|^ADMIN_API_TOKEN=.*|ADMIN_API_TOKEN=$(openssl rand -hex 32)|" \
    -e "s|^INTERNAL_TOKEN_SECRET=.*|INTERNAL_TOKEN_SECRET=$(openssl rand -hex 32)|" \
    -e "s|^SESSION_TOKEN_SECRET=.*|SESSION_TOKEN_SECRET=$(openssl rand -hex 32)|" \
    -e "s|^DOCKER_GID=.*|DOCKER_GID=$(stat -Lc %g "$socket")|" \
    -e "s|^#DOCKER_SOCKET=.*|DOCKER_SOCKET=$socket|" \
    -e "s|^COMPOSE_PROFILES=.*|COMPOSE_PROFILES=${COMPOSE_PROFILES:-cpu,traefik}|" \
    -e "s|^GATEWAY_PORT=.*|GATEWAY_PORT=${GATEWAY_PORT:-8056}|" \
    -e "s|^ADMIN_PORT=.*|ADMIN_PORT=${ADMIN_PORT:-8057}|" \
    env-example.wholesaler >"$env_file.new"
  mv "$env_file.new" "$env_file"
fi
profiles=$(value_of COMPOSE_PROFILES)

say "Building the images"
COMPOSE_PROFILES="$profiles,images" compose build

say "Starting the wholesaler; the first start fetches the model"
compose up --detach --wait --wait-timeout 900 || {
  compose ps --all >&2
  compose logs --tail 20 >&2
  fail "The wholesaler did not become healthy: its last lines are above."
}

gateway="http://localhost:$(value_of GATEWAY_PORT)"
admin="http://127.0.0.1:$(value_of ADMIN_PORT)"
token=$(value_of ADMIN_API_TOKEN)
call() { # method, path, body
  # The operator's key goes through a file: arguments can be read by everybody on the machine.
  curl -sS --fail-with-body -X "$1" "$admin$2" -H 'content-type: application/json' \
    -H @<(printf 'X-Admin-API-Key: %s' "$token") ${3:+--data "$3"}
}

if call GET '/admin/users?limit=1' | grep -q '"email"'; then
  say "Ready. There are users already; more by: POST $admin/admin/users (described at $gateway/docs)"
  exit 0
fi
id=$(call POST /admin/users '{"email":"first@example.com","name":"First user","max_concurrent_bots":10}' |
  sed 's/.*"id":\([0-9]*\).*/\1/')
key=$(call POST "/admin/users/$id/tokens" '{"name":"first key"}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
say "Ready. The first user's key, shown only now (a retailer of yours can use it as its system key):"
printf '  %s\n\nTry it: open %s/my-room in a browser, then\n' "$key" "http://localhost:$(value_of MEETING_ROOM_PORT | grep . || echo 8090)"
printf "  curl -X POST %s/bots -H 'X-API-Key: %s' -H 'content-type: application/json' \\\\\n" "$gateway" "$key"
printf "    -d '{\"platform\":\"local\",\"native_meeting_id\":\"my-room\"}'\n"
printf "  curl %s/transcripts/local/my-room -H 'X-API-Key: %s'\n" "$gateway" "$key"
