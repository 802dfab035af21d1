"""Calls over HTTP, tried again where that may help."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Optional
from urllib.parse import urlsplit

from .errors import AvatarError, ConnectionFailed
from .form import Form

# Seconds before what failed is tried again; doubled each time, up to the longest.
_FIRST_WAIT = 0.2
_LONGEST_WAIT = 5.0
_AGENT = "avatar-client/0.1"


class _NotConnected(Exception):
    """The server was not reached: nothing can have happened there."""


class Transport:
    """The calls of one server. Threads may share it."""

    def __init__(
        self,
        server_url: str,
        *,
        key: Optional[str],
        timeout: float,
        patience: float,
        context: Optional[ssl.SSLContext],
    ) -> None:
        address = urlsplit(server_url if "://" in server_url else f"http://{server_url}")
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"not the address of a server: {server_url}")
        self._host = address.hostname
        self._port = address.port
        self._secure = address.scheme == "https"
        self._prefix = address.path.rstrip("/")
        self._origin = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{self._prefix}"
        self._headers = {"User-Agent": _AGENT}
        if key is not None:
            self._headers["X-Avatar-Key"] = key
        self._timeout = timeout
        self._patience = patience
        self._context = context
        # Connections that nobody uses at the moment. Taking and putting back are atomic.
        self._idle: list[http.client.HTTPConnection] = []

    def url(self, path: str) -> str:
        """The address of a path of the server."""
        return self._origin + path

    def given(self, path: str) -> str:
        """The address of a path that the server gave.

        A server that knows what it lies below has put that before the path already.
        """
        known = path.startswith(f"{self._prefix}/")
        return self.url(path[len(self._prefix) :] if known else path)

    def call(
        self,
        method: str,
        path: str,
        form: Optional[Form] = None,
        *,
        repeatable: bool,
        timeout: Optional[float] = None,
    ) -> bytes:
        """The body of the answer.

        A call that is `repeatable` is tried again when its connection broke; any is when there was no connection, or the
        server is busy. Raises AvatarError.
        """
        until = time.monotonic() + self._patience
        wait = _FIRST_WAIT
        while True:
            reusable = self._idle.pop() if repeatable and self._idle else None
            connection = reusable or self._connection()
            connection.timeout = self._timeout if timeout is None else timeout
            if connection.sock is not None:
                connection.sock.settimeout(connection.timeout)
            error: AvatarError
            try:
                return self._exchange(connection, method, path, form)
            except AvatarError as refusal:
                if refusal.status not in (429, 503):
                    raise
                error = refusal
            except _NotConnected as failure:
                error = ConnectionFailed(f"{self._origin} cannot be reached: {failure}")
                if isinstance(failure.__cause__, ssl.SSLCertVerificationError):
                    raise error from failure
            except (OSError, http.client.HTTPException) as failure:
                connection.close()
                if reusable is not None:
                    # It had lain idle for too long, as others then have.
                    self.close()
                    continue
                error = ConnectionFailed(f"{self._origin} did not answer: {failure!r}")
                if not repeatable:
                    raise error from failure
            pause = max(wait * random.uniform(0.75, 1.25), error.retry_after or 0.0)
            wait = min(2 * wait, _LONGEST_WAIT)
            if time.monotonic() + pause > until:
                raise error
            time.sleep(pause)

    def close(self) -> None:
        """Closes the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._secure:
            return http.client.HTTPSConnection(self._host, self._port, context=self._context)
        return http.client.HTTPConnection(self._host, self._port)

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, form: Optional[Form]
    ) -> bytes:
        if connection.sock is None:
            try:
                connection.connect()
            except OSError as failure:
                raise _NotConnected(failure) from failure
        headers = dict(self._headers)
        body: Optional[Iterator[bytes]] = None
        if form is not None:
            headers["Content-Type"] = form.content_type
            headers["Content-Length"] = str(form.length)
            body = form.blocks()
        sent = True
        try:
            connection.request(method, self._prefix + path, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            # A body that is refused is not read to its end; the answer may be there all the same.
            sent = False
        response = connection.getresponse()
        content = response.read()
        if sent and not response.will_close:
            self._idle.append(connection)
        else:
            connection.close()
        if 200 <= response.status < 300:
            return content
        raise _refusal(response, content)


def _refusal(response: http.client.HTTPResponse, content: bytes) -> AvatarError:
    code, message = "unexpected_answer", response.reason
    try:
        answer = json.loads(content)
        code, message = str(answer["code"]), str(answer["error"])
    except (ValueError, KeyError, TypeError):
        # Something in between answered.
        pass
    return AvatarError(code, response.status, message, seconds(response.getheader("Retry-After")))


def seconds(retry_after: Optional[str]) -> Optional[float]:
    """What a `Retry-After` says, a number or a date (RFC 9110 section 10.2.3); None where it says nothing."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    return max(0.0, (date - datetime.now(timezone.utc)).total_seconds())
