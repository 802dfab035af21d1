#!/usr/bin/env bash
# Compares the networks with diffusers' and transformers', at true size and with the same random weights: what they compute,
# and how fast on this machine's CPU.
#
# The packages are gigabytes; they go into .parity, and so do the weights. Arguments go to core/models/parity/compare.py.

. "$(dirname "$0")/environment.sh"

cd "$ROOT"
have python3 || die "python3 is not installed; what is compared with comes from PyPI." "Get it with: scripts/packages.sh models"

place=$ROOT/.parity
pins=$ROOT/core/models/parity/requirements.txt

if ! cmp -s "$pins" "$place/requirements.txt"; then
    say "fetching torch, diffusers and transformers (about 3 GB)"
    rm -rf "$place/venv"
    python3 -m venv "$place/venv"
    "$place/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins"
    cp "$pins" "$place/"
fi

cargo build --release --locked -p avatar-models --example parity
exec "$place/venv/bin/python" core/models/parity/compare.py --rust "${CARGO_TARGET_DIR:-target}/release/examples/parity" --directory "$place" "$@"
