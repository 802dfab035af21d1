#!/usr/bin/env bash
# Checks that Rust is there and new enough; says how to get it otherwise.
#
#   scripts/rust.sh [component…]     rustfmt and clippy, for the tests

. "$(dirname "$0")/environment.sh"

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")

how=("Get the current one with rustup, as the user who builds:"
    "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
    "  . ~/.cargo/env"
    "and run this again.")

{ have cargo && have rustc; } || die "Rust is not installed; version $wanted or newer is needed." "${how[@]}"

found=$(rustc --version | sed 's/^rustc \([0-9.]*\).*/\1/')
oldest=$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)
[ "$oldest" = "$wanted" ] || die "Rust $found is too old; version $wanted or newer is needed." "${how[@]}"

for component in "$@"; do
    case $component in
        rustfmt) probe=(cargo fmt --version) ;;
        clippy) probe=(cargo clippy --version) ;;
        *) die "unknown component '$component'" ;;
    esac
    "${probe[@]}" >/dev/null 2>&1 || die "the Rust component '$component' is missing." \
        "Get it with: rustup component add $component"
done
