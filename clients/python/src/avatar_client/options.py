"""How a face is shown and moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class Options(TypedDict, total=False):
    """What a session may be begun with; the server has a default for each."""

    crop: bool
    """Whether the picture is cut to the face: true."""
    pose_style: Sequence[float]
    """Pitch, yaw and roll in radians, each from -1 to 1."""
    gaze_style: Sequence[float]
    """To the right edge and down, in radians, each from -1 to 1."""
    seed: int
    """Of what the head does by itself: 42."""
    nfe: int
    """Steps of a network that draws the face, from 5 to 50: 10."""
    cfg_scale: float
    """Guidance of such a network, from 1 to 5: 2."""
    chunk_duration: float
    """Seconds that a piece is expected to have, from 0.1 to 10: 1."""
    audio_sample_rate: int
    """Of sound without a header: 24000."""
    format: str
    """`pcm_s16le`, where the sound is samples of 16 bits without a header; all else is recognised by its bytes."""


def to_fields(options: Mapping[str, Any]) -> dict[str, str]:
    """The same as fields of a form.

    Raises TypeError for an option that does not exist. Values are left to the server to judge.
    """
    unknown = options.keys() - Options.__annotations__.keys()
    if unknown:
        raise TypeError(f"there is no option {', '.join(sorted(unknown))}")
    return {name: _text(value) for name, value in options.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        value = list(value)
    return json.dumps(value)
