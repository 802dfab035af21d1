"""What the server says."""

from __future__ import annotations

from typing import Optional, TypedDict


class Begun(TypedDict):
    """The answer of a session that has begun."""

    status: str
    session_id: str
    hls_url: str
    message: str
    chunk_duration: float
    audio_sample_rate: int


class FeedResult(TypedDict):
    """The answer of a piece of sound."""

    status: str
    session_id: str
    buffer_samples: int
    """What is still to be shown, 48,000 a second."""
    frames_generated: int
    session_status: str
    message: str


class Status(TypedDict):
    """How a session stands."""

    session_id: str
    status: str
    """``initializing``, ``active``, ``completed`` or ``error``."""
    total_frames_generated: int
    buffer_samples: int
    buffer_seconds: float
    error: Optional[str]
    error_code: Optional[str]
    warning: Optional[str]
    """What was wrong with the sound that came last, where it could not be read."""
    created_at: float
    """Seconds since 1970."""
    uptime_seconds: float
