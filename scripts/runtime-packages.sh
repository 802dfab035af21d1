#!/usr/bin/env bash
# Prints the Debian packages that the built module and command need at run time, one a line.
#
# The names of FFmpeg's libraries carry their version, which differs between releases: so they are asked for, not listed.

. "$(dirname "$0")/environment.sh"

built=${CARGO_TARGET_DIR:-$ROOT/target}/release
{
    printf '%s\n' nginx espeak-ng-data
    ldd "$built/libngx_http_avatar_module.so" "$built/avatar" |
        awk '$2 == "=>" && $3 ~ /^\// { print $3 }' |
        sort -u |
        xargs -r realpath |
        xargs -r dpkg-query -S |
        cut -d: -f1
} | sort -u
