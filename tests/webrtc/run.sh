#!/usr/bin/env bash
# aiortc, a peer of WebRTC in Python, against the demonstration that `make run` starts.
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

if [ -n "${BASE:-}" ]; then
    exec "$python" call.py
fi
exec "$ROOT/tests/demonstration.sh" webrtc "$python" call.py
