#!/usr/bin/env bash
# Takes the portraits that the page shows before anything plays: each presenter's first picture, mouth shut.
#
# They are kept in web/portraits; run this again when a presenter changes.

. "$(dirname "$0")/environment.sh"

avatar=${CARGO_TARGET_DIR:-$ROOT/target}/release/avatar
[ -x "$avatar" ] || die "the avatar command is not built." "Build it with: make avatar"
have ffmpeg || die "ffmpeg is not installed." "Get it with: apt-get install ffmpeg"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$ROOT/web/portraits"
"$avatar" avatars | while read -r id _; do
    "$avatar" say 'Hello.' --quiet --language en --avatar "$id" --output "$work/$id.mp4" </dev/null
    ffmpeg -nostdin -v error -y -i "$work/$id.mp4" -frames:v 1 -c:v libwebp -quality 82 "$ROOT/web/portraits/$id.webp"
done
