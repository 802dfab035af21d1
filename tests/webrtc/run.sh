#!/usr/bin/env bash
# Peers of WebRTC that are no browser's (aiortc, GStreamer, werift, node-datachannel) against the demonstration that `make run` starts.
#
#   tests/webrtc/run.sh                    nginx on a free port, with a data directory of its own
#   BASE=http://host tests/webrtc/run.sh   a server that runs already

. "$(dirname "$0")/../../scripts/environment.sh"

cd "$ROOT/tests/webrtc"
python=.venv/bin/python
if ! cmp -s requirements.txt .venv/installed; then
    rm -rf .venv
    python3 -m venv .venv || die "there is no Python with venv." "Get it with apt-get install python3-venv"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r requirements.txt >&2
    cp requirements.txt .venv/installed
fi

# A name for its log, and a client.
check() {
    if [ -n "${BASE:-}" ]; then
        "${@:2}"
    else
        "$ROOT/tests/demonstration.sh" "$@"
    fi
}

check webrtc "$python" call.py
# GStreamer's bindings are Debian's, and so for Debian's Python.
check whep /usr/bin/python3 whep.py

# Their packages' scripts, which build what is there already, are not run.
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    cp package-lock.json node_modules/.installed
fi
check clients node --test --test-reporter=spec clients.test.js
