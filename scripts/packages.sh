#!/usr/bin/env bash
# Installs the Debian packages a task needs and the machine lacks.
#
#   scripts/packages.sh build|models|parity|test|bench
#
# Asks apt only for what is missing, so a second run does nothing. Without root or sudo it prints the command instead.

. "$(dirname "$0")/environment.sh"

[ $# -eq 1 ] || die "usage: scripts/packages.sh build|models|parity|test|bench"

have apt-get || die "this machine has no apt-get" \
    "Debian 12 or 13 and Ubuntu 24.04 are supported; elsewhere install nginx with its headers, libclang, espeak-ng and" \
    "FFmpeg's development files by hand and call cargo directly (see docs/dependencies.md)."

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
need() { installed "$1" || missing+=("$1"); }
# Parts of libheif, which are packages of their own since Debian 13.
need_plugin() { grep -q '^VERSION_CODENAME=bookworm' /etc/os-release || need "libheif-plugin-$1"; }
# A command may come from elsewhere than its Debian package, as Node.js often does.
need_command() { have "$1" || missing+=("$2"); }

need_build() {
    need nginx
    need nginx-dev
    need_command gcc gcc
    need libc6-dev
    need_command make make
    need_command pkg-config pkg-config
    need clang
    need libclang-dev
    need libespeak-ng-dev
    need espeak-ng-data
    need libavcodec-dev
    need libavformat-dev
    need libavutil-dev
    need libswscale-dev
    need libssl-dev
    # libjpeg-turbo comes with its crate, which has its own way to build it.
    need_command cmake cmake
    need_command nasm nasm
    need_command node nodejs
    need_command npm npm
    need ca-certificates
    need libheif-dev
    # Decoders of HEIC and AVIF, where libheif has them as plugins.
    need_plugin libde265
    need_plugin dav1d
    # What faces in photos are found by.
    need opencv-data
}

# libtorch comes from PyPI, and its Rust bindings are C++ in part.
need_models() {
    need_build
    need_command g++ g++
    need_command python3 python3
    python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
}

need_parity() {
    need_models
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
}

need_test() {
    need_models
    need_command ffmpeg ffmpeg
    need python3-venv
    # A player of WHEP: webrtcbin, what it needs, and decoders.
    need gstreamer1.0-plugins-good
    need gstreamer1.0-plugins-bad
    need gstreamer1.0-nice
    need gir1.2-gst-plugins-bad-1.0
    need python3-gi
    need_command espeak-ng espeak-ng
    # What makes HEIC and AVIF for the tests of photos.
    need_command heif-enc libheif-examples
    need_plugin x265
    need_plugin aomenc
    if ! find_chromium >/dev/null; then
        # Ubuntu's chromium package only fetches a snap, which cannot run in a container or for a test user.
        if grep -q '^ID=ubuntu' /etc/os-release; then
            die "no Chromium to test the page with" \
                "Ubuntu has it as a snap only. Install Google Chrome or any Chromium and name it: CHROMIUM=/path/to/chrome make test"
        fi
        missing+=(chromium)
    fi
}

case $1 in
    build) need_build ;;
    models) need_models ;;
    parity) need_parity ;;
    test) need_test ;;
    bench)
        # What players see is measured in the browser of the tests.
        need_test
        need_command wrk wrk
        ;;
    *) die "unknown task '$1': build, models, parity, test or bench" ;;
esac

[ ${#missing[@]} -gt 0 ] || exit 0

command=(apt-get install -y --no-install-recommends "${missing[@]}")
if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root=(sudo)
else
    die "these Debian packages are missing and this user may not install them: ${missing[*]}" \
        "Run as root, then try again:" \
        "  apt-get update && ${command[*]}"
fi

say "installing: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${command[@]}"
