#!/usr/bin/env bash
# Every check there is, cheapest first; stops at the first step that fails, when all of that step has run. `make test` calls it with the tools in place.

. "$(dirname "$0")/environment.sh"

cd "$ROOT"

step() { printf '\n== %s\n' "$*" >&2; }

# One profile and one build for all, so that nothing is compiled twice: which features a dependency has is decided by all that are
# built together.
profile=checked
built=${CARGO_TARGET_DIR:-$ROOT/target}/$profile

side_by_side=$(nproc)

# cargo-nextest runs the tests of all crates side by side; cargo itself does as well, one crate after the other.
if cargo nextest --version >/dev/null 2>&1; then
    run_tests() {
        local wanted
        wanted=$(printf ' + package(%s)' "$@")
        cargo nextest run --cargo-profile "$profile" --locked --no-fail-fast --workspace --test-threads "$side_by_side" -E "${wanted# + }"
    }
else
    run_tests() { cargo test --profile "$profile" --locked --no-fail-fast "${@/#/--package=}"; }
fi

step "format"
cargo fmt --all --check

step "lint"
cargo clippy --profile "$profile" --workspace --all-targets --locked -- -D warnings

# README promises a build that is not GPL-3.0.
step "lint without espeak-ng"
cargo clippy --profile "$profile" --package ngx_http_avatar_module --package avatar-core --no-default-features --lib --locked -- -D warnings

step "build"
cargo build --profile "$profile" --workspace --lib --bins --tests --examples --locked
# What follows loads these, whatever others lie about.
export AVATAR_MODELS=$built/libavatar_models.so
export AVATAR_MODULE=$built/libngx_http_avatar_module.so

step "unit and property tests"
run_tests avatar-core avatar-codec avatar-espeak avatar-neural

step "documentation tests"
cargo test --doc --profile "$profile" --workspace --locked

step "neural networks"
run_tests avatar-models avatar-models-ffi

step "nginx, the module and real clients"
# They wait for what is made in real time more than they compute.
side_by_side=$((side_by_side * 3 / 2))
run_tests avatar-tests

step "OpenAI's own client"
tests/openai/run.sh

step "aiortc and GStreamer"
tests/webrtc/run.sh

step "the Python client"
clients/python/tests/run.sh

step "the page and its players in Chromium"
exec tests/browser/run.sh
