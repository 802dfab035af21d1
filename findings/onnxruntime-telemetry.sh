#!/usr/bin/env bash
# ONNX Runtime for Linux leaves an identifier of the machine on the disk although the program switched its telemetry off.
#
# Seen: onnxruntime 1.29.0 to 1.32.0 of PyPI (1.28.0 leaves nothing), x86-64, Python 3.11. A program that calls disable_telemetry_events() before it opens
# its first network still finds a new UUID in $HOME/.cache/Microsoft/DeveloperTools/.onnxruntime/deviceid, and beside it an SQLite
# database of events to be sent: the first event is made with the environment, which is before the call can say anything. Only
# ORT_DISABLE_TELEMETRY=1, set before the library is loaded, leaves nothing. (With CI=true in the environment there is nothing either, so
# that tests in CI do not show it.)
#
# Why it matters: voices (Piper, Kokoro, Silero) run on ONNX Runtime in servers whose operators promise that nothing leaves them.
# Calling the documented switch, as bindings of other languages do for their users, is not enough since 1.29.
set -euo pipefail

work=$(mktemp -d "${TMPDIR:-/tmp}/onnxruntime-telemetry.XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.22.0 "numpy<3"

cat >"$work/open.py" <<'PYTHON'
import onnxruntime
onnxruntime.disable_telemetry_events()

import numpy
from onnx import TensorProto, helper

line = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("in", "out")]
graph = helper.make_graph([helper.make_node("Neg", ["in"], ["out"])], "negative", line[:1], line[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
session = onnxruntime.InferenceSession(model.SerializeToString())
assert session.run(None, {"in": numpy.float32([1, -2])})[0].tolist() == [-1, 2]
PYTHON

left_by() { # name, what is in the environment
    mkdir "$work/$1"
    env -u CI -u ORT_DISABLE_TELEMETRY -u XDG_CACHE_HOME HOME="$work/$1" "${@:2}" "$work/venv/bin/python" "$work/open.py"
    find "$work/$1" -type f -printf '%P\n' | sort
}

switched_off=$(left_by switched-off NOTHING=1)
forbidden=$(left_by forbidden ORT_DISABLE_TELEMETRY=1)
printf 'after disable_telemetry_events():\n%s\nwith ORT_DISABLE_TELEMETRY=1:\n%s\n' "$switched_off" "${forbidden:-(nothing)}"

grep -q 'deviceid$' <<<"$switched_off" || { echo "changed: the switch leaves nothing now"; exit 1; }
[ -z "$forbidden" ] || { echo "changed: the variable leaves something now"; exit 1; }
