#!/usr/bin/env bash
# Starts nginx in the foreground with conf/demo.conf. Ctrl-C stops it.
#
#   AVATAR_PORT     port to listen on                        (8080)
#   AVATAR_DATA     directory of the sessions                (.run/data)
#   AVATAR_WORKERS  nginx's worker processes                 (auto)
#   AVATAR_WEBRTC   address and port for WebRTC, or off      (0.0.0.0:8189)
#   AVATAR_MODULE   the module to load                       (target/release/libngx_http_avatar_module.so)
#   AVATAR_RUN      where the configuration and pid file go  (.run)

. "$(dirname "$0")/environment.sh"

port=${AVATAR_PORT:-8080}
run=${AVATAR_RUN:-$ROOT/.run}
workers=${AVATAR_WORKERS:-auto}
module=${AVATAR_MODULE:-${CARGO_TARGET_DIR:-$ROOT/target}/release/libngx_http_avatar_module.so}

case $port in
    *[!0-9]* | '') die "AVATAR_PORT must be a port number, not '$port'" ;;
esac
case $workers in
    auto) ;;
    *[!0-9]* | '' | 0) die "AVATAR_WORKERS must be a number of at least 1 or 'auto', not '$workers'" ;;
esac

have nginx || die "nginx is not installed." "Get it with: make tools"
[ -f "$module" ] || die "the module is not built: $module is missing." "Build it with: make module"
[ -f "$ROOT/web/vendor/hls.min.js" ] || die "the page's player is missing." "Fetch it with: make player"

if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    die "port $port is in use." "Choose another: AVATAR_PORT=$((port + 1)) make run"
fi

mkdir -p "$run/tmp"
run=$(cd "$run" && pwd)
data=${AVATAR_DATA:-$run/data}
mkdir -p "$data"
data=$(cd "$data" && pwd)
module=$(cd "$(dirname "$module")" && pwd)/$(basename "$module")

# A tree under a home directory is closed to nginx's own user. Started by root, the demonstration therefore keeps root's
# workers; started by anybody else, nginx has no choice of user and would only warn about the directive.
user=
[ "$(id -u)" -ne 0 ] || user='user root;'

config=$(<"$ROOT/conf/demo.conf")
fill() { config=${config//"\${$1}"/$2}; }
fill NGINX_USER "$user"
fill NGINX_MIME_TYPES /etc/nginx/mime.types
fill AVATAR_MODULE "\"$module\""
fill AVATAR_DATA "\"$data\""
fill AVATAR_WEB "\"$ROOT/web\""
fill AVATAR_CLIENT "\"$ROOT/clients/js/\""
fill AVATAR_PORT "$port"
fill AVATAR_WEBRTC "${AVATAR_WEBRTC:-0.0.0.0:8189}"
fill AVATAR_WORKERS "$workers"
printf '%s\n' "$config" >"$run/demo.conf"

nginx=(nginx -p "$run/" -c "$run/demo.conf" -e stderr)
"${nginx[@]}" -t -q || die "nginx refuses the configuration in $run/demo.conf; the reason stands above."

say ""
say "    open http://localhost:$port/realtime"
say ""
say "Ctrl-C stops."
exec "${nginx[@]}"
