#!/usr/bin/env bash
# OpenAI's own Python client against the demonstration that `make run` starts.
#
#   tests/openai/run.sh                    nginx on a free port, with a data directory of its own
#   BASE=http://host tests/openai/run.sh   a server that runs already

. "$(dirname "$0")/../../scripts/environment.sh"

cd "$ROOT/tests/openai"
python=.venv/bin/python
if ! cmp -s requirements.txt .venv/installed; then
    rm -rf .venv
    python3 -m venv .venv || die "there is no Python with venv." "Get it with apt-get install python3-venv"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r requirements.txt >&2
    cp requirements.txt .venv/installed
fi

if [ -n "${BASE:-}" ]; then
    exec "$python" speech.py
fi
exec "$ROOT/tests/demonstration.sh" openai "$python" speech.py
