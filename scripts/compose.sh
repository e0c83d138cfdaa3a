#!/usr/bin/env bash
# What one does with a wholesaler in containers day by day, for the targets of the Makefile:
#   scripts/compose.sh up | ps | logs [service] | run-bot | speak | down | clean
set -euo pipefail
cd "$(dirname "$0")/.."
product=wholesaler env_file=.env.wholesaler
. scripts/product.sh
require_docker

bots() { docker ps "$@" --filter network=vexa_bots --filter label=vexa.meeting_id; }
require_set_up() { [ -e "$env_file" ] || fail "There is no wholesaler here yet. Start one: make up"; }
require_running() {
  require_set_up
  [ -n "$(compose ps --quiet)" ] || fail "The wholesaler is not running. Start it: make up"
}

show() {
  require_running
  compose ps
  printf '\nBots:\n'
  bots --format 'table {{.Names}}\t{{.Status}}'
}

logs() { # service, as the compose file or the first version names it
  local service=${1:-}
  case $service in
    gateway) service=api-gateway ;;
    transcription) service=$(compose config --services | grep -m 1 '^whisperlive') ;;
  esac
  require_running
  if [ -n "$service" ] && ! compose config --services | grep -qxF "$service"; then
    fail "There is no service $1. There are: gateway, transcription," "$(compose config --services | sort | xargs)"
  fi
  compose logs --follow --tail 100 ${service:+"$service"}
}

run_bot() { # user, meeting, key
  local user=${1:-first@example.com} meeting=$2 key=$3 gateway answer
  [ -n "$meeting" ] || fail "Which meeting? make run-bot MEETING=my-room (and USER=user123, if you like)"
  require_running
  gateway="http://localhost:$(value_of GATEWAY_PORT)"
  admin="http://127.0.0.1:$(value_of ADMIN_PORT)"
  key=${key:-$(first_key)}
  answer=$(curl -sS -X POST "$gateway/bot/run" -H 'content-type: application/json' -H @<(printf 'X-API-Key: %s' "$key") \
    --data "{\"user_id\":\"$user\",\"meeting_id\":\"$meeting\"}") || fail "The gateway does not answer at $gateway: make ps"
  printf '%s\n' "$answer"
  [[ $answer == *'"status":"success"'* ]] || fail "The bot was not started; what the gateway says is above."
  printf '%s\n' "" "Read along: curl $gateway/transcript/$user/$meeting -H 'X-API-Key: $key'" \
    "Tell it to leave: curl -X POST $gateway/bot/stop -H 'X-API-Key: $key' -H 'content-type: application/json' \\" \
    "  -d '{\"user_id\":\"$user\",\"meeting_id\":\"$meeting\"}'"
}

speak() { # room
  [ -n "$1" ] || fail "In which room? make speak MEETING=my-room"
  require_running
  compose run --rm --no-deps participant --room "$1" --name Emma --wait-for-bot \
    --wav lv-sense-0870.wav --wav lv-sense-0920.wav --wav lv-sense-0890.wav --stay 5
}

down() { # extra arguments of `docker compose down`
  require_set_up
  if [ -n "$(bots --quiet)" ]; then
    say "Letting the bots leave their meetings"
    bots --quiet | xargs docker stop --time 30 >/dev/null
  fi
  # Containers that ended stay on their network, which could not be removed then.
  bots --quiet --all | xargs --no-run-if-empty docker rm --force >/dev/null
  compose down --remove-orphans "$@"
}

case ${1:-} in
  up) exec scripts/setup-wholesaler.sh $([ ! -e "$env_file" ] || printf '%s' --as-built) ;;
  ps) show ;;
  logs) logs "${2:-}" ;;
  run-bot) run_bot "${BOT_USER:-}" "${MEETING:-}" "${BOT_KEY:-}" ;;
  speak) speak "${MEETING:-}" ;;
  down) down ;;
  clean)
    down --volumes
    rm -f "$keys_file"
    say "Containers, networks and volumes of the wholesaler are gone; $env_file and the images are still here."
    ;;
  *) fail "Usage: scripts/compose.sh up | ps | logs [service] | run-bot | speak | down | clean" ;;
esac
