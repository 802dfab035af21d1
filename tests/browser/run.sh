#!/usr/bin/env bash
# The page and its players in headless Chromium, against the demonstration that `make run` starts.
#
#   tests/browser/run.sh                    nginx on a free port, with a data directory of its own
#   BASE=http://host tests/browser/run.sh   a server that runs already
#   tests/browser/run.sh players.test.js    some of the tests
#   tests/browser/run.sh latency            no tests: what latency.js measures, on a server that runs already
#   tests/browser/run.sh calls              no tests: what calls.js measures, of calls over WebRTC
#   tests/browser/run.sh loop               no tests: what loop.js measures, from a microphone to the picture
#   tests/browser/run.sh starts             no tests: what starts.js measures, how soon players begin

. "$(dirname "$0")/../../scripts/environment.sh"

cd "$ROOT/tests/browser"
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    cp package-lock.json node_modules/.installed
fi
find_chromium >/dev/null || die "there is no Chromium to test with." "Get it with apt-get install chromium, or name one: CHROMIUM=/path"

if [ "${1:-}" = latency ]; then
    "$ROOT/scripts/player.sh"
    exec node latency.js
fi

case ${1:-} in
    loop | calls | starts)
        "$ROOT/scripts/player.sh"
        exec "$ROOT/tests/demonstration.sh" browser node "$1.js"
        ;;
esac

"$ROOT/scripts/photograph.sh"
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(page.test.js demo_audio.test.js mjpeg_test.test.js players.test.js talk.test.js call.test.js client.test.js low-latency.test.js web-players.test.js elsewhere.test.js)

if [ -n "${BASE:-}" ]; then
    exec node --test --test-reporter=spec "${tests[@]}"
fi

exec "$ROOT/tests/demonstration.sh" browser node --test --test-reporter=spec "${tests[@]}"
