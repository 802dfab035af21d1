#!/usr/bin/env bash
# The Python client and its examples against the demonstration that `make run` starts.
#
#   clients/python/tests/run.sh                    nginx on a free port, with a data directory of its own
#   BASE=http://host clients/python/tests/run.sh   a server that runs already
#   clients/python/tests/run.sh test_client.Whole  some of the tests

. "$(dirname "$0")/../../../scripts/environment.sh"

"$ROOT/scripts/photograph.sh"
export PHOTOGRAPH=$ROOT/.photograph/astronaut.png
export PYTHONPATH=$ROOT/clients/python/src

tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(test_client)

cd "$ROOT/clients/python/tests"
if [ -n "${BASE:-}" ]; then
    exec python3 -m unittest "${tests[@]}"
fi
exec "$ROOT/tests/demonstration.sh" python python3 -m unittest "${tests[@]}"
