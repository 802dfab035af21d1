#!/usr/bin/env bash
# The page and its players in headless Chromium, against the demonstration that `make run` starts.
#
#   tests/browser/run.sh                    nginx on a free port, with a data directory of its own
#   BASE=http://host tests/browser/run.sh   a server that runs already
#   tests/browser/run.sh players.test.js    some of the tests
#   tests/browser/run.sh latency            no tests: what latency.js measures, on a server that runs already

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

tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(page.test.js demo_audio.test.js players.test.js low-latency.test.js)
run_tests() { node --test --test-reporter=spec "$@"; }

if [ -n "${BASE:-}" ]; then
    run_tests "${tests[@]}"
    exit
fi

out=$ROOT/target/browser
rm -rf "$out"
mkdir -p "$out"
log=$out/nginx.log
run=$(mktemp -d)
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')

AVATAR_PORT=$port AVATAR_RUN=$run AVATAR_DATA=$run/data AVATAR_WORKERS=${AVATAR_WORKERS:-4} \
    "$ROOT/scripts/serve.sh" >"$log" 2>&1 &
nginx=$!
# shellcheck disable=SC2317  # the trap calls it
finish() {
    kill -TERM "$nginx" 2>/dev/null || true
    wait "$nginx" 2>/dev/null || true
    rm -rf "$run"
}
trap finish EXIT

export BASE=http://127.0.0.1:$port
for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 "$nginx" 2>/dev/null || break
    sleep 0.1
done
(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || die "nginx did not start:" "$(tail -n 20 "$log")"

result=0
run_tests "${tests[@]}" || result=$?

kill -QUIT "$nginx"
wait "$nginx" || die "nginx ended with status $?; its log is $log"
if alarms=$(grep -E '\[(alert|crit|emerg)\]' "$log"); then
    die "nginx raised an alarm; its whole log is $log" "$alarms"
fi
exit "$result"
