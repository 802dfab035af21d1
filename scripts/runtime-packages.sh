#!/usr/bin/env bash
# Prints the Debian packages that the built module and command need at run time, one a line.
#
# The names of FFmpeg's libraries carry their version, which differs between releases: so they are asked for, not listed.

. "$(dirname "$0")/environment.sh"

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

built=${CARGO_TARGET_DIR:-$ROOT/target}/release
files=("$built/libngx_http_avatar_module.so" "$built/avatar")
# Only the libraries they name themselves; those bring their own.
named=$(objdump -p "${files[@]}" | awk '$1 == "NEEDED" { print $2 }' | sort -u)
{
    printf '%s\n' nginx espeak-ng-data opencv-data
    # Decoders that libheif loads by itself, where they are packages of their own.
    for plugin in libheif-plugin-libde265 libheif-plugin-dav1d; do
        ! installed "$plugin" || printf '%s\n' "$plugin"
    done
    ldd "${files[@]}" |
        awk -v named="$named" 'BEGIN { split(named, list); for (i in list) wanted[list[i]] }
            $2 == "=>" && $1 in wanted { print $3 }' |
        sort -u |
        xargs -r realpath |
        xargs -r dpkg-query -S |
        cut -d: -f1
} | sort -u
