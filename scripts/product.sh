# What both products have in common when they run with Docker. Sourced by scripts that set `product` (wholesaler or retailer)
# and `env_file` in the root of the repository.
# shellcheck shell=bash disable=SC2154

# A failure inside $(…) ends the script as well.
shopt -s inherit_errexit

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}
compose() { docker compose --env-file "$env_file" -f "docker-compose.$product.yml" "$@"; }
# The email and the key of the first user.
keys_file=$env_file.keys

require_docker() {
  local program
  for program in docker openssl curl; do
    command -v "$program" >/dev/null || fail "$program is missing: install it and run this again."
  done
  docker compose version >/dev/null 2>&1 || fail "Docker Compose 2 is missing: https://docs.docker.com/compose/install/"
  docker info >/dev/null 2>&1 || fail "The Docker daemon does not answer: start it, or set DOCKER_HOST."
}

value_of() { # name, default
  local value
  value=$(sed -n "s/^$1=//p" "$env_file" | tail -n 1)
  printf '%s' "${value:-${2:-}}"
}

# Writes the environment file from its example, with the variables of it that are set now as they are.
write_env_file() {
  local line name
  umask 077
  while IFS= read -r line; do
    name=$(sed -nE 's/^#?([A-Z][A-Z0-9_]*)=.*/\1/p' <<<"$line")
    if [ -n "$name" ] && [ -n "${!name+set}" ]; then line="$name=${!name}"; fi
    printf '%s\n' "$line"
  done <"env-example.$product" >"$env_file.new"
  mv "$env_file.new" "$env_file"
}

start_product() { # what to say, seconds, extra arguments of `up`
  say "$1"
  compose up --detach --wait --wait-timeout "$2" "${@:3}" && return
  compose ps --all >&2
  compose logs --tail 20 >&2
  fail "The $product did not become healthy: its last lines are above."
}

# A call of the operator. The key goes through a file: arguments can be read by everybody on the machine.
call() { # method, path, body
  curl -sS --fail-with-body -X "$1" "$admin$2" -H 'content-type: application/json' \
    -H @<(printf 'X-Admin-API-Key: %s' "$(value_of ADMIN_API_TOKEN)") ${3:+--data "$3"}
}

# The key of the first user, who is made when there is none. It is kept in the file of keys.
first_key() {
  local email=first@example.com id key
  if [ ! -s "$keys_file" ]; then
    id=$(call POST /admin/users "{\"email\":\"$email\",\"max_concurrent_bots\":10}" | sed 's/.*"id":\([0-9]*\).*/\1/')
    key=$(call POST "/admin/users/$id/tokens" '{"name":"first key"}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
    (umask 077 && printf '%s %s\n' "$email" "$key" >"$keys_file")
  fi
  cut -d ' ' -f 2 "$keys_file"
}

# Makes the first user unless there are users, and says how to begin.
welcome() { # address of the API, platform, native meeting id
  if call GET '/admin/users?limit=1' | grep -q '"email"'; then
    say "Ready. There are users already; more by: POST $admin/admin/users (described at $1/docs)"
    return
  fi
  local key
  rm -f "$keys_file" # of a user that is gone
  key=$(first_key)
  say "Ready. The key of the first user, first@example.com, kept in $keys_file:"
  printf '  %s\n\nTry it:\n' "$key"
  printf "  curl -X POST %s/bots -H 'X-API-Key: %s' -H 'content-type: application/json' \\\\\n" "$1" "$key"
  printf "    -d '{\"platform\":\"%s\",\"native_meeting_id\":\"%s\"}'\n" "$2" "$3"
  printf "  curl %s/transcripts/%s/%s -H 'X-API-Key: %s'\n" "$1" "$2" "$3" "$key"
  printf "  curl -X DELETE %s/bots/%s/%s -H 'X-API-Key: %s'\n" "$1" "$2" "$3" "$key"
}
