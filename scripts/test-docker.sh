#!/usr/bin/env bash
# The tests that need a Docker daemon: the promises of the Docker runner, a real bot container in a real meeting, and a balancer
# before three whisperlive of which one is killed; with ONLY=products, both products in containers from a clone of HEAD. Starts a
# daemon of its own (as root) when none answers, and leaves nothing.
#   make test-docker [ONLY="runner meeting balancer products"]
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
only=${ONLY:-runner meeting balancer}

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}
own=$(mktemp -d)
daemon=
. scripts/test-products.sh
# shellcheck disable=SC2317
clean_up() {
  (remove_products)
  docker ps --all --quiet --filter label=vexa.owner 2>/dev/null | xargs -r docker rm --force >/dev/null || true
  if [ -n "$daemon" ]; then
    kill "$daemon" && wait "$daemon" || true
    # The daemon leaves the namespace of the host network mounted.
    umount "$own"/exec/netns/* 2>/dev/null || true
  fi
  rm -rf "$own"
}
trap clean_up EXIT

command -v docker >/dev/null || fail "docker is missing: apt-get install docker.io (or Docker's own packages)."
if ! docker info >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] && command -v dockerd >/dev/null ||
    fail "No Docker daemon answers. Start one, set DOCKER_HOST, or run this as root where dockerd is installed."
  say "Starting a Docker daemon"
  export DOCKER_HOST=unix://$own/docker.sock
  dockerd --data-root "$own/data" --exec-root "$own/exec" --pidfile "$own/pid" -H "$DOCKER_HOST" >"$own/log" 2>&1 &
  daemon=$!
  for _ in $(seq 60); do
    docker info >/dev/null 2>&1 && break
    kill -0 "$daemon" 2>/dev/null || fail "$(tail -5 "$own/log")"
    sleep 1
  done
fi
export DOCKER_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}

base=node:24-bookworm-slim
if ! docker image inspect "$base" >/dev/null 2>&1 && ! docker pull --quiet "$base" 2>/dev/null; then
  command -v debootstrap >/dev/null || fail "$base cannot be pulled, and debootstrap, which could build one, is missing."
  say "Building a base image of Debian and Node, because $base cannot be pulled"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$own/base" >"$own/log"
  echo 'deb http://deb.debian.org/debian-security bookworm-security main' >>"$own/base/etc/apt/sources.list"
  cp /etc/ssl/certs/ca-certificates.crt "$own/base/etc/ssl/certs/"
  cp node_modules/node/bin/node "$own/base/usr/local/bin/"
  npm pack --silent --pack-destination "$own" npm@11 >/dev/null
  mkdir -p "$own/base/usr/local/lib/node_modules/npm"
  tar -xzf "$own"/npm-*.tgz -C "$own/base/usr/local/lib/node_modules/npm" --strip-components 1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$own/base/usr/local/bin/npm"
  tar -C "$own/base" -c . | docker import --change "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt" - "$base" >/dev/null
fi

wants() { [[ " $only " == *" $1 "* ]]; }
if wants runner || wants meeting; then
  say "Building the image of the bot"
  docker build --quiet --network host -t vexa-bot:local \
    --build-arg SERVICE=wholesaler/vexa-bot --build-arg PROGRAMS=chromium .
fi
if wants runner; then
  say "The promises of the Docker runner"
  (cd wholesaler/bot-manager && vitest run --root . --config vitest.docker.config.ts --reporter=verbose)
fi
if wants meeting; then
  say "A real bot container in a real meeting"
  node e2e/src/demo-cli.ts --docker
fi
if wants balancer; then
  command -v nginx >/dev/null || fail "nginx is missing: apt-get install nginx-light"
  say "Three whisperlive behind nginx, one of which is killed"
  npm run --silent test:balancer -w wholesaler/load-tester
fi
if wants products; then products; fi
