#!/usr/bin/env bash
# Puts a CPU-only libtorch of the version that the tch crate goes with into .libtorch, from the wheels on PyPI.
#
# About 550 MB to fetch and as much on disk. A libtorch of one's own, with CUDA, is used instead where LIBTORCH names one.

. "$(dirname "$0")/environment.sh"

[ -z "${LIBTORCH:-}" ] || [ "$LIBTORCH" = "$ROOT/.libtorch" ] || exit 0

libtorch=$ROOT/.libtorch
pins=$ROOT/scripts/libtorch.txt

if cmp -s "$pins" "$libtorch/libtorch.txt"; then
    exit 0
fi

[ "$(uname -m)" = x86_64 ] || die "there is no recipe for a libtorch on $(uname -m)" \
    "Unpack one of version $(sed -n 's/^torch==\([0-9.]*\).*/\1/p' "$pins") and name it: LIBTORCH=/path/to/libtorch"
have python3 || die "python3 is not installed; libtorch comes from PyPI." "Get it with: scripts/packages.sh models"
have gcc || die "gcc is not installed." "Get it with: make tools"

work=$(mktemp -d "${TMPDIR:-/tmp}/libtorch.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "fetching libtorch (about 550 MB)"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --implementation cp --abi cp311 --python-version 3.11 \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 \
    --require-hashes --requirement "$pins" --dest "$work"

rm -rf "$libtorch"
mkdir -p "$libtorch/lib"
python3 - "$work" "$libtorch" <<'PYTHON'
import pathlib, shutil, sys, zipfile

wheels, target = map(pathlib.Path, sys.argv[1:])
wanted = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"}
for wheel in wheels.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = pathlib.PurePosixPath(name)
            if path.name in wanted:
                place = target / "lib" / path.name
            elif path.parts[:2] == ("torch", "include") and not name.endswith("/"):
                place = target.joinpath(*path.parts[1:])
            else:
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, open(place, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
PYTHON
# What a program links first is empty in PyTorch's own builds too; theirs also names the GPU's libraries.
gcc -shared -o "$libtorch/lib/libtorch.so" -x c /dev/null -Wl,-soname,libtorch.so
cp "$pins" "$libtorch/"
