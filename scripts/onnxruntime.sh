#!/usr/bin/env bash
# Puts ONNX Runtime into .onnxruntime, from the wheel on PyPI, for the tests of Piper's voices.
#
# About 24 MB to fetch. A library of one's own is used instead where ORT_DYLIB_PATH names one.

. "$(dirname "$0")/environment.sh"

onnxruntime=$ROOT/.onnxruntime
pins=$ROOT/scripts/onnxruntime.txt

[ -z "${ORT_DYLIB_PATH:-}" ] || [ "$ORT_DYLIB_PATH" = "$onnxruntime/libonnxruntime.so" ] || exit 0

if cmp -s "$pins" "$onnxruntime/onnxruntime.txt"; then
    exit 0
fi

machine=$(uname -m)
case $machine in
    x86_64 | aarch64) ;;
    *) die "there is no recipe for an ONNX Runtime on $machine" \
        "Get one of version 1.17 or later and name it: ORT_DYLIB_PATH=/path/to/libonnxruntime.so" ;;
esac
have python3 || die "python3 is not installed; ONNX Runtime comes from PyPI." "Get it with: scripts/packages.sh test"

work=$(mktemp -d "${TMPDIR:-/tmp}/onnxruntime.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "fetching ONNX Runtime (about 24 MB)"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --implementation cp --abi cp311 --python-version 3.11 \
    --platform "manylinux_2_28_$machine" --require-hashes --requirement "$pins" --dest "$work"

rm -rf "$onnxruntime"
mkdir -p "$onnxruntime"
python3 - "$work" "$onnxruntime" <<'PYTHON'
import pathlib, shutil, sys, zipfile

wheels, target = map(pathlib.Path, sys.argv[1:])
for wheel in wheels.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = pathlib.PurePosixPath(name)
            if path.name.startswith("libonnxruntime.so"):
                place = target / "libonnxruntime.so"
            elif path.name in ("LICENSE", "ThirdPartyNotices.txt"):
                place = target / path.name
            else:
                continue
            with archive.open(name) as source, open(place, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
PYTHON
cp "$pins" "$onnxruntime/"
