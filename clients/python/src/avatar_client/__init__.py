"""Faces that are driven by sound: a client of the avatar module for nginx."""

from .answers import FeedResult, Status
from .client import ChunkedStreamingClient
from .errors import AvatarError, ConnectionFailed
from .form import File
from .options import Options

__all__ = [
    "AvatarError",
    "ChunkedStreamingClient",
    "ConnectionFailed",
    "FeedResult",
    "File",
    "Options",
    "Status",
]
