#!/usr/bin/env bash
# Runs a command against the demonstration that `make run` starts: nginx on a free port, with a data directory of its own.
# BASE tells the command where, and MASTER which process. nginx's log lies in target/NAME; there must be no alarm in it.
#
#   tests/demonstration.sh NAME command…

name=$1
shift
here=$PWD
. "$(dirname "$0")/../scripts/environment.sh"

out=$ROOT/target/$name
rm -rf "$out"
mkdir -p "$out"
log=$out/nginx.log
run=$(mktemp -d)
free_port() {
    node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}
port=$(free_port)
calls=$(free_port)

AVATAR_PORT=$port AVATAR_RUN=$run AVATAR_DATA=$run/data AVATAR_WORKERS=${AVATAR_WORKERS:-4} AVATAR_WEBRTC=127.0.0.1:$calls \
    "$ROOT/scripts/serve.sh" >"$log" 2>&1 &
nginx=$!
# shellcheck disable=SC2317  # the trap calls it
finish() {
    kill -TERM "$nginx" 2>/dev/null || true
    wait "$nginx" 2>/dev/null || true
    rm -rf "$run"
}
trap finish EXIT

export BASE=http://127.0.0.1:$port MASTER=$nginx
for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 "$nginx" 2>/dev/null || break
    sleep 0.1
done
(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || die "nginx did not start:" "$(tail -n 20 "$log")"

result=0
cd "$here"
"$@" || result=$?

kill -QUIT "$nginx"
wait "$nginx" || die "nginx ended with status $?; its log is $log"
if alarms=$(grep -E '\[(alert|crit|emerg)\]' "$log"); then
    die "nginx raised an alarm; its whole log is $log" "$alarms"
fi
exit "$result"
