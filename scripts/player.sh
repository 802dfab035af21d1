#!/usr/bin/env bash
# Fetches the page's player, hls.js, at the version web/package-lock.json pins, into web/vendor.

. "$(dirname "$0")/environment.sh"

vendor=$ROOT/web/vendor
lock=$ROOT/web/package-lock.json

if [ -f "$vendor/hls.min.js" ] && cmp -s "$lock" "$vendor/package-lock.json"; then
    exit 0
fi

have npm || die "npm is not installed; the page's player comes from npm." "Get it with: make tools"

# Installed beside the build's outputs: nginx serves all of web/, and only the one file belongs there.
work=$ROOT/target/player
mkdir -p "$work" "$vendor"
cp "$ROOT/web/package.json" "$lock" "$work/"
say "fetching hls.js"
npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
install -m 644 "$work/node_modules/hls.js/dist/hls.min.js" "$work/node_modules/hls.js/LICENSE" "$vendor/"
install -m 644 "$lock" "$vendor/"
