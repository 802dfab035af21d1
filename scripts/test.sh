#!/usr/bin/env bash
# Every check there is, cheapest first; stops at the first step that fails, when all of that step has run. `make test` calls it with the tools in place.

. "$(dirname "$0")/environment.sh"

cd "$ROOT"

step() { printf '\n== %s\n' "$*" >&2; }

# One profile for all, so that nothing is compiled twice.
profile=checked
built=${CARGO_TARGET_DIR:-$ROOT/target}/$profile

# cargo-nextest runs the tests of all crates side by side; cargo itself does as well, one crate after the other.
if cargo nextest --version >/dev/null 2>&1; then
    run_tests() { cargo nextest run --cargo-profile "$profile" --no-tests=pass --no-fail-fast --locked "$@"; }
else
    run_tests() { cargo test --profile "$profile" --no-fail-fast --locked "$@"; }
fi
build() { cargo build --profile "$profile" --locked "$@"; }

step "format"
cargo fmt --all --check

step "lint"
cargo clippy --profile "$profile" --workspace --all-targets --locked -- -D warnings

step "unit and property tests"
run_tests

step "documentation tests"
cargo test --doc --profile "$profile" --locked

step "neural networks"
build -p avatar-models-ffi
# Writes weights for the tests through nginx.
build -p avatar-models --example narrow
export AVATAR_MODELS=$built/libavatar_models.so
run_tests -p avatar-models -p avatar-models-ffi

step "module"
build -p ngx_http_avatar_module
# What follows loads this build, whatever others lie about.
export AVATAR_MODULE=$built/libngx_http_avatar_module.so

step "nginx, the module and real clients"
run_tests -p avatar-tests

step "OpenAI's own client"
tests/openai/run.sh

step "aiortc and GStreamer"
tests/webrtc/run.sh

step "the Python client"
clients/python/tests/run.sh

step "the page and its players in Chromium"
exec tests/browser/run.sh
