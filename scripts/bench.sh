#!/usr/bin/env bash
# The benchmarks: each stage of the pipeline by itself, then whole processes with nginx in front.

. "$(dirname "$0")/environment.sh"

cd "$ROOT"
cargo bench --locked -p avatar-core
cargo build --release --locked -p ngx_http_avatar_module
cargo run --release --locked -p avatar-tests --bin bench
