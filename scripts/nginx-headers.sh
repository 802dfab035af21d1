#!/usr/bin/env bash
# Configures the headers of the installed nginx into .nginx-objs, where nginx-sys reads them.
#
# `configure` alone suffices, nothing of nginx is compiled. The flags are Debian's own (nginx-dev's conf_flags), so that
# the module's signature and its features equal those of the packaged binary. Done again when that binary changes, or the
# tree has moved: what is configured names its own directory.

. "$(dirname "$0")/environment.sh"

sources=${NGINX_SOURCE_DIR:-/usr/share/nginx/src}
objs=${NGINX_BUILD_DIR:-$ROOT/.nginx-objs}

have nginx || die "nginx is not installed." "Get it with: make tools"
[ -r "$sources/conf_flags" ] || die "nginx's headers are not in $sources." "Debian has them in the package nginx-dev: make tools"

# The version with its build options names the binary; the packages' versions tell two Debian revisions apart.
identity=$(nginx -V 2>&1; dpkg-query -W nginx nginx-dev 2>/dev/null || true; echo "$sources $objs")
if [ -f "$objs/identity" ] && [ "$(cat "$objs/identity")" = "$identity" ] && [ -f "$objs/ngx_auto_config.h" ]; then
    exit 0
fi

headers=$(sed -n 's/^#define NGINX_VERSION *"\(.*\)"/\1/p' "$sources/src/core/nginx.h")
binary=$(nginx -v 2>&1 | sed 's|.*nginx/\([0-9.]*\).*|\1|')
[ "$headers" = "$binary" ] || die "nginx is version $binary but its headers are $headers; nginx loads only modules built for its own version." \
    "Install both from the same place: apt-get install --reinstall nginx nginx-dev"

say "configuring the headers of nginx $binary into ${objs#"$ROOT"/}"
rm -rf "$objs"
mkdir -p "$objs"
log=$objs/configure.log
# conf_flags holds a bash array; the directory is left alone because --builddir points elsewhere.
if ! (
    cd "$sources"
    # shellcheck source=/dev/null
    . ./conf_flags
    ./configure "${NGX_CONF_FLAGS[@]}" --with-cc-opt=-fPIC --builddir="$objs"
) >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    die "nginx's configure failed; the whole of its output is in $log"
fi
printf '%s\n' "$identity" >"$objs/identity"
