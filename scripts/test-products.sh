# Both products in containers as a newcomer brings them up, from a clone of HEAD: the setups to their ends, the commands they
# print, a meeting through each with a real voice. Sourced by test-docker.sh, which sets `own`.
# shellcheck shell=bash disable=SC2154

voices=(lv-sense-0870.wav lv-sense-0920.wav lv-sense-0890.wav)
wholesaler=http://localhost:18056
retailer=http://localhost:8056

api() { # key, method, path, body
  curl -sS --fail-with-body -X "$2" "$3" -H "X-API-Key: $1" ${4:+-H 'content-type: application/json' --data "$4"}
}

until_answer() { # what, pattern, key, path
  local answer
  for _ in $(seq 180); do
    answer=$(api "$3" GET "$4") && [[ $answer =~ $2 ]] && return
    sleep 1
  done
  fail "Waited in vain for $1. The last answer: $answer"
}

meet() { # key, address of the product, room
  say "A meeting in $3 through $2"
  api "$1" POST "$2/bots" "{\"platform\":\"local\",\"native_meeting_id\":\"$3\"}" >/dev/null
  make --no-print-directory speak "MEETING=$3"
  api "$1" DELETE "$2/bots/local/$3" >/dev/null
  until_answer "the finished transcript" '"source":"history"' "$1" "$2/transcripts/local/$3"
  api "$1" GET "$2/transcripts/local/$3" | node "$source/e2e/src/heard-cli.ts" --speaker Emma "${voices[@]}"
}

remove_products() {
  cd "$own/products" 2>/dev/null || return 0
  if [ -e .env ]; then docker compose -f docker-compose.retailer.yml down --volumes >/dev/null 2>&1 || true; fi
  if [ -e .env.wholesaler ]; then make --no-print-directory clean >/dev/null 2>&1 || true; fi
}

products() {
  local source=$PWD models=${VEXA_MODELS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/vexa/models} image key profiles
  docker compose version >/dev/null 2>&1 || fail "Docker Compose 2 is missing: https://docs.docker.com/compose/install/"
  [ -z "$(docker ps --all --quiet --filter name=vexa-wholesaler- --filter name=vexa-retailer-)" ] ||
    fail "A product is set up at this Docker daemon already: this test would meet it. Use another daemon (DOCKER_HOST)."
  for image in postgres:18-bookworm redis:7-bookworm nginx:1.28-bookworm; do
    docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" ||
      fail "$image is not here and cannot be pulled."
  done
  git clone --quiet . "$own/products"
  cd "$own/products"
  docker run --rm --user 0 --volume vexa-wholesaler_models:/models --volume "$models:/from:ro" "$base" \
    sh -c 'cp -r /from/tiny.en /models && chown -R 1000:1000 /models'

  make --no-print-directory setup-wholesaler COMPOSE_PROFILES=cpu,nginx GATEWAY_PORT=18056 ADMIN_PORT=18057 \
    WEBHOOK_ALLOWED_HOSTS=host.docker.internal:8056
  key=$(awk '{ print $2 }' .env.wholesaler.keys)
  for profiles in cpu,traefik cpu,nginx gpu,traefik gpu,nginx cpu,nginx,images,load-tester,participant; do
    COMPOSE_PROFILES=$profiles docker compose --env-file .env.wholesaler -f docker-compose.wholesaler.yml config --quiet ||
      fail "The compose file is not valid with the profiles $profiles."
  done
  meet "$key" "$wholesaler" my-room

  make --no-print-directory setup-retailer VEXA_INFRA_API_URL=http://host.docker.internal:18056 \
    VEXA_INFRA_API_KEY="$key" PUBLIC_URL=http://host.docker.internal:8056
  meet "$(awk '{ print $2 }' .env.keys)" "$retailer" our-room
  say "What the wholesaler has left of that meeting"
  until_answer "the wholesaler's copy to be gone" '"segments":\[\]' "$key" "$wholesaler/transcripts/local/our-room"
  printf '  nothing\n'

  say "The load-tester in one meeting of this wholesaler"
  COMPOSE_PROFILES=load-tester docker compose --env-file .env.wholesaler -f docker-compose.wholesaler.yml \
    run --build --rm --no-deps --env LOAD_API_KEY="$key" load-tester --stack --meetings 1 --first 10 --final 10

  say "The first version's commands and targets"
  scripts/first-version.sh "$wholesaler" "$key"
  make --no-print-directory run-bot USER=user123 MEETING=meeting457
  make --no-print-directory ps
  make --no-print-directory down
  [ -z "$(docker ps --all --quiet --filter name=vexa-bot --filter network=vexa_bots)" ] || fail "make down left bots behind."
  make --no-print-directory up
  remove_products
  cd "$source"
  [ -z "$(docker volume ls --quiet --filter name=vexa-)" ] || fail "make clean left volumes behind."
}
