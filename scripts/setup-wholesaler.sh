#!/usr/bin/env bash
# Sets up a wholesaler on this machine with Docker: .env.wholesaler with fresh secrets, the images, the containers, a first
# user. Safe to run again: it overwrites nothing and makes no second user. Any variable of env-example.wholesaler may be given:
#   make setup-wholesaler COMPOSE_PROFILES=cpu,nginx GATEWAY_PORT=18056 ADMIN_PORT=18057
set -euo pipefail
cd "$(dirname "$0")/.."
product=wholesaler env_file=.env.wholesaler
. scripts/product.sh
require_docker

if [ -e "$env_file" ]; then
  say "Using $env_file as it is"
else
  say "Writing $env_file with fresh secrets"
  for secret in POSTGRES_PASSWORD ADMIN_API_TOKEN INTERNAL_TOKEN_SECRET SESSION_TOKEN_SECRET; do
    printf -v "$secret" '%s' "$(openssl rand -hex 32)"
  done
  DOCKER_SOCKET=${DOCKER_SOCKET:-${DOCKER_HOST:-unix:///var/run/docker.sock}}
  DOCKER_SOCKET=${DOCKER_SOCKET#unix://}
  [ -S "$DOCKER_SOCKET" ] || fail "Bots need a Docker socket on this machine; there is none at $DOCKER_SOCKET."
  DOCKER_GID=$(stat -Lc %g "$DOCKER_SOCKET")
  write_env_file
fi

if [ "${1:-}" != --as-built ]; then
  say "Building the images"
  COMPOSE_PROFILES="$(value_of COMPOSE_PROFILES),images" compose build
fi
start_product "Starting the wholesaler; the first start fetches the model" 900

admin="http://127.0.0.1:$(value_of ADMIN_PORT)"
room="http://localhost:$(value_of MEETING_ROOM_PORT 8090)"
welcome "http://localhost:$(value_of GATEWAY_PORT)" local my-room
printf '%s\n' "" "Talk in the room at $room/my-room, or let recorded voices speak there:" \
  "  make speak MEETING=my-room" "" "A retailer of yours can use the key of a user as its system key."
