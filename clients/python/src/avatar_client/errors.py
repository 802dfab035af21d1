"""What can go wrong."""

from __future__ import annotations

from typing import Optional


class AvatarError(Exception):
    """The server refused a call."""

    code: str
    """A stable word, such as ``bad_image``; ``unexpected_answer`` where the answer is not one of this server's."""
    status: int
    """The HTTP status."""
    message: str
    """A sentence for people."""
    retry_after: Optional[float]
    """Seconds after which it is worth asking again, where the server said so."""

    def __init__(self, code: str, status: int, message: str, retry_after: Optional[float] = None) -> None:
        super().__init__(code, status, message, retry_after)
        self.code = code
        self.status = status
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.message} ({self.status} {self.code})"


class ConnectionFailed(AvatarError):
    """There was no answer. The code is ``connection_failed`` and the status 0."""

    def __init__(self, message: str) -> None:
        super().__init__("connection_failed", 0, message)
        self.args = (message,)

    def __str__(self) -> str:
        return self.message
