"""Speech, whether it is heard in a film, and a picture in which nobody could speak."""

from __future__ import annotations

import array
import functools
import math
import subprocess

RATE = 24_000
TEXT = "Papa and Mama go far. We see three green trees."


def _run(*command: str, given: bytes = b"") -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=True)
    assert done.stderr == b"", done.stderr
    return done.stdout


@functools.cache
def speech(*arguments: str) -> bytes:
    """Speech in a file as ffmpeg's arguments say."""
    said = _run("espeak-ng", "-v", "en-us", "--stdout", TEXT)
    return _run("ffmpeg", "-v", "error", "-i", "-", "-ar", str(RATE), "-ac", "1", *arguments, "-", given=said)


def raw() -> bytes:
    """The same without a header."""
    return speech("-f", "s16le")


def nobody() -> bytes:
    """A PNG without a face."""
    return _run(*"ffmpeg -v error -f lavfi -i color=gray:size=128x128 -frames:v 1 -f image2pipe -c:v png -".split())


def heard(film: str) -> bytes:
    """The sound of a file or address, without a header."""
    return _run("ffmpeg", "-v", "error", "-i", film, "-vn", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-")


def probed(film: str, entry: str) -> list[str]:
    """What ffprobe has to say of a file or address."""
    out = _run("ffprobe", "-v", "error", "-show_entries", entry, "-of", "csv=p=0", film)
    return out.decode().split()


def _steps(sound: bytes) -> list[float]:
    # Loudness in steps of 10 ms tells one sound from another, however it was coded.
    samples = array.array("h", sound[: len(sound) // 2 * 2])
    step = RATE // 100
    return [math.sqrt(sum(x * x for x in samples[at : at + step])) for at in range(0, len(samples), step)]


def likeness(film: bytes, sound: bytes) -> float:
    """How well `sound` is found in `film`, at the place where it is found best: 1 is exactly."""

    def norm(steps: list[float]) -> float:
        return math.sqrt(sum(x * x for x in steps))

    wanted, there = _steps(sound), _steps(film)
    best = 0.0
    for at in range(len(there) - len(wanted) + 1):
        part = there[at : at + len(wanted)]
        product = sum(a * b for a, b in zip(part, wanted))
        best = max(best, product / max(1e-9, norm(part) * norm(wanted)))
    return best
