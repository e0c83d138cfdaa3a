#!/usr/bin/env bash
# The curl commands of the first version, with a key added, each answer checked:
#   scripts/first-version.sh http://localhost:8056 KEY [user] [meeting]
# It sends a bot into the room `meeting456` of the local platform and takes it out again.
set -euo pipefail
url=${1:?Where is the wholesaler? http://localhost:8056}
key=${2:?Which key? See make setup-wholesaler}
user=${3:-user123}
meeting=${4:-meeting456}

# Prints what is asked and what comes back; what it must contain follows.
check() { # method, path, body or nothing, texts of the answer
  local method=$1 path=$2 body=$3 answer text
  shift 3
  printf '%s %s\n' "$method" "$path"
  answer=$(curl -sS --fail-with-body --max-time 60 -X "$method" "$url$path" -H 'Content-Type: application/json' \
    -H @<(printf 'X-API-Key: %s' "$key") ${body:+--data "$body"}) || fail "$answer"
  printf '  %s\n' "$answer"
  for text in '"status":"success"' "$@"; do
    [[ $answer == *"$text"* ]] || fail "There is no $text in it."
  done
}

fail() {
  printf '  failed: %s\n' "$*" >&2
  exit 1
}

check POST /bot/run "{\"user_id\":\"$user\",\"meeting_id\":\"$meeting\",\"meeting_title\":\"Team Weekly Sync\"}" \
  "\"message\":\"Bot started for user $user\"" "\"meeting_id\":\"$meeting\""
check GET "/bot/status/$user" '' "\"native_meeting_id\":\"$meeting\""
check GET "/transcript/$user/$meeting" '' "\"meeting_id\":\"$meeting\"" "\"user_id\":\"$user\"" '"transcriptions":['
check POST /bot/stop "{\"user_id\":\"$user\",\"meeting_id\":\"$meeting\"}" "\"message\":\"Bot(s) stopped for user $user\""
echo "All as in the first version."
