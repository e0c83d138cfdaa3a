#!/usr/bin/env bash
# Installs what the products need and this machine lacks. Safe to run as often as you like: it skips what is there.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

have npm || { echo "npm is missing: install Node.js 20 or newer (the project brings its own Node 24)." >&2; exit 1; }

missing=()
have curl || missing+=(curl)
have redis-server || missing+=(redis-server)
have chromium-headless-shell || missing+=(chromium-headless-shell)
have chromium || missing+=(chromium)
have ffmpeg || missing+=(ffmpeg)
have flite || missing+=(flite)
have python3 && python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)

if ((${#missing[@]})); then
  if ! have apt-get; then
    echo "Please install: ${missing[*]} (on macOS: brew install redis chromium ffmpeg flite python), then run this again." >&2
    exit 1
  fi
  sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || { echo "Run as root: apt-get install ${missing[*]}" >&2; exit 1; }
    sudo=(sudo)
  fi
  say "Installing ${missing[*]}"
  "${sudo[@]}" apt-get -o DPkg::Lock::Timeout=300 update -qq
  # The packages must not start servers of their own: the stack runs its own Redis on a free port.
  "${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! cmp -s package-lock.json node_modules/.vexa-lock; then
  say "Installing npm packages"
  # The GPU libraries of onnxruntime are a large extra download that nothing here needs.
  ONNXRUNTIME_NODE_INSTALL=skip ONNXRUNTIME_NODE_INSTALL_CUDA=skip \
    npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.vexa-lock
fi

export PATH="$PWD/node_modules/.bin:$PATH"
npm run --silent models -- pull "${WHISPER_MODEL:-tiny.en}"
