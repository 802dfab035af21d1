# shellcheck shell=bash
# Sourced by every script here: how they speak, where things lie, who may install.

set -euo pipefail

# shellcheck disable=SC2034  # its readers are the scripts that source this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# nginx lives in /usr/sbin, which an ordinary Debian user's PATH leaves out; rustup's cargo may be new in this login.
PATH="$PATH:/usr/sbin:/sbin"
[ -d "${CARGO_HOME:-${HOME:-/root}/.cargo}/bin" ] && PATH="${CARGO_HOME:-${HOME:-/root}/.cargo}/bin:$PATH"
export PATH

# ONNX Runtime, in tests that load it without nginx, tells its makers nothing.
export ORT_DISABLE_TELEMETRY=1

say() { printf '%s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '       %s\n' "$@" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The Chromium to test with: $CHROMIUM, or the first known name on the PATH.
find_chromium() {
    local name
    if [ -n "${CHROMIUM:-}" ]; then
        printf '%s\n' "$CHROMIUM"
        return
    fi
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if have "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}
