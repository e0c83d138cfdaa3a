#!/usr/bin/env bash
# What breaks when parts are killed, cut off or lied to: the tests of faults in every workspace, at their widest (a kill at every
# step of a finish). They are in `make test` too, with fewer kills.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH" VEXA_EVERY_STEP=1
root=$PWD
broken=()

suite() { # workspace, names of test files
  printf '\033[1m%s: %s\033[0m\n' "$1" "${*:2}"
  (cd "$1" && vitest run --root . --config "$root/vitest.config.ts" --no-file-parallelism --reporter=verbose "${@:2}") || broken+=("$1")
}
suite retailer test/kill test/trouble test/outage test/sync
suite wholesaler/bot-manager test/recovery
suite wholesaler/transcription-collector test/any-order test/dead-letters
suite wholesaler/whisperlive test/outage test/worker-crash test/misbehaviour
suite wholesaler/load-tester test/speak-through
suite e2e test/kill test/sharing

if ((${#broken[@]})); then
  printf 'Promises were broken in: %s\n' "${broken[*]}" >&2
  exit 1
fi
