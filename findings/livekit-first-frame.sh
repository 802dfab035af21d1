#!/usr/bin/env bash
# LiveKit's agents drop the first coded frame of speech that comes as FLAC, AAC or Opus.
#
# Seen: livekit-agents 1.8.9 of PyPI, Python 3.11. Three seconds of a tone, coded by PyAV and handed in pieces of 1,024 bytes to the decoder
# that its speech plug-ins use (AudioStreamDecoder), come out shorter than PyAV itself decodes them, by exactly one frame at the beginning: 96 ms
# of FLAC, 43 ms of AAC at 24,000 Hz, 20 ms of Opus. WAV comes out whole.
#
# Why it matters: the first consonant of every sentence an agent says is in that frame. A speech server that is asked for "flac" or
# "opus" for the sake of the network sounds clipped, and nothing anywhere says why. Ask for wav, pcm or mp3.
set -euo pipefail

work=$(mktemp -d "${TMPDIR:-/tmp}/livekit-first-frame.XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check livekit-agents==1.8.9

cat >"$work/listen.py" <<'PYTHON'
import asyncio
import io

import av
import numpy
from livekit.agents.utils.codecs import AudioStreamDecoder

SECONDS = 3


def coded(container, codec, rate):
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        tone = 0.25 * numpy.sin(2 * numpy.pi * 440 * numpy.arange(SECONDS * rate) / rate)
        frame = av.AudioFrame.from_ndarray((tone * 32767).astype("int16")[None], format="s16", layout="mono")
        frame.sample_rate = rate
        size = stream.codec_context.frame_size or 1024
        # In frames of the coder's own length, whatever its format.
        convert = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate, frame_size=size)
        for piece in [*convert.resample(frame), *convert.resample(None)]:
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return out.getvalue()


def decoded(data):
    return sum(frame.samples / frame.sample_rate for frame in av.open(io.BytesIO(data)).decode(audio=0))


async def heard(data, kind):
    decoder = AudioStreamDecoder(sample_rate=24_000, num_channels=1, format=kind)
    for begin in range(0, len(data), 1024):
        decoder.push(data[begin : begin + 1024])
    decoder.end_input()
    return sum([frame.samples_per_channel async for frame in decoder]) / 24_000


async def main():
    lost = {}
    for kind, *how in [
        ("audio/wav", "wav", "pcm_s16le", 24_000),
        ("audio/flac", "flac", "flac", 24_000),
        ("audio/aac", "adts", "aac", 24_000),
        ("audio/ogg", "ogg", "libopus", 48_000),
    ]:
        data = coded(*how)
        whole, part = decoded(data), await heard(data, kind)
        lost[kind] = whole - part
        print(f"{kind}: {whole:.3f} s decoded by PyAV, {part:.3f} s heard by an agent", flush=True)
    expected = abs(lost.pop("audio/wav")) < 0.001 and all(loss > 0.015 for loss in lost.values())
    raise SystemExit(None if expected else "changed")


asyncio.run(main())
PYTHON
"$work/venv/bin/python" "$work/listen.py"
