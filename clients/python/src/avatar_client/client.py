"""Sessions that are fed with sound, and whole files."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional, cast

from .answers import Begun, FeedResult, Status
from .errors import AvatarError, ConnectionFailed
from .form import File, Form
from .options import Options, to_fields
from .transport import Transport

if TYPE_CHECKING:
    from typing_extensions import Unpack

_CALLS = "/api/audio-driven"


class ChunkedStreamingClient:
    """One session at a time on one server.

        with ChunkedStreamingClient("http://localhost:8080") as client:
            client.init_session("face.jpg")
            print(client.hls_url)
            client.feed_audio_chunk(sound, is_final=True)

    Leaving the block ends the session, and deletes what it made. Every call raises AvatarError when the server refuses it.
    """

    session_id: Optional[str]
    """Of the session that has begun."""
    hls_url: Optional[str]
    """What its viewers open."""
    message: Optional[str]
    """What the server had to say of the picture."""
    _next: int
    # A piece, and whether it is the last, that may have arrived or not.
    _doubtful: Optional[tuple[bytes, bool]]

    def __init__(
        self,
        server_url: str = "http://localhost:8080",
        *,
        api_key: Optional[str] = None,
        timeout: float = 30.0,
        patience: float = 15.0,
        ssl_context: Optional[ssl.SSLContext] = None,
    ) -> None:
        """A client of the server at `server_url`, which may have a path.

        `timeout` is how many seconds the server may be silent in a call. What fails because of the connection, or because
        the server is busy, is tried again for `patience` seconds.
        """
        self._transport = Transport(
            server_url, key=api_key, timeout=timeout, patience=patience, context=ssl_context
        )
        # Pieces are numbered one after the other.
        self._feeding = threading.Lock()
        self._forget()

    def init_session(
        self,
        image: Optional[File] = None,
        *,
        image_path: Optional[File] = None,
        avatar: Optional[str] = None,
        **options: Unpack[Options],
    ) -> str:
        """Begins a session with a picture of a face, or one of the server's faces; returns its id.

        It is there to be watched when this returns. `image_path` is another name of `image`. Raises RuntimeError where
        there is a session already.
        """
        face = image if image is not None else image_path
        return self._begin("/chunked/init", face, avatar, {}, options)

    def feed_audio_chunk(
        self,
        chunk: bytes = b"",
        is_final: bool = False,
        *,
        sequence: Optional[int] = None,
    ) -> FeedResult:
        """Sends a piece of sound: the next, or the one that belongs at `sequence`, counted from 0.

        A stream may be cut anywhere, and the last piece may be empty. A piece is taken once, however often it is sent;
        after an error it may be fed again. One of which it is not known whether it arrived goes ahead of the next, so that
        neither is lost.
        """
        session = self._session()
        if sequence is not None:
            return self._feed(session, chunk, is_final, sequence)
        with self._feeding:
            if self._doubtful is not None:
                piece, final = self._doubtful
                result = self._feed(session, piece, final, self._next)
                self._next += 1
                self._doubtful = None
                if (piece, final) == (chunk, is_final):
                    return result
            try:
                result = self._feed(session, chunk, is_final, self._next)
            except ConnectionFailed:
                self._doubtful = (bytes(chunk), is_final)
                raise
            self._next += 1
            return result

    def get_status(self) -> Status:
        """How the session stands."""
        path = f"{_CALLS}/chunked/status/{self._session()}"
        answer = self._transport.call("GET", path, repeatable=True)
        return cast(Status, _object(answer, "status"))

    def cleanup(self) -> None:
        """Ends the session, where there is one, and frees all of it."""
        try:
            if self.session_id is not None:
                path = f"{_CALLS}/chunked/session/{self.session_id}"
                self._transport.call("DELETE", path, repeatable=True)
        except AvatarError as error:
            if error.code != "unknown_session":
                raise
        finally:
            self._transport.close()
        self._forget()

    def drive(
        self,
        *,
        audio: File,
        image: Optional[File] = None,
        avatar: Optional[str] = None,
        timeout: float = 600.0,
        **options: Unpack[Options],
    ) -> bytes:
        """The MP4 of a face that says a whole file. Nothing is left of it on the server.

        `timeout` is how many seconds it may take to make.
        """
        with _form(image, avatar, {"audio": audio}, options) as form:
            # Where its client is gone, the server stops.
            return self._transport.call("POST", _CALLS, form, repeatable=True, timeout=timeout)

    def drive_stream(
        self,
        *,
        audio: File,
        image: Optional[File] = None,
        avatar: Optional[str] = None,
        **options: Unpack[Options],
    ) -> str:
        """Begins a session that says a whole file; returns its id. It can be watched while it is made.

        `get_status` and `cleanup` are for this session then.
        """
        return self._begin("/stream", image, avatar, {"audio": audio}, options)

    def close(self) -> None:
        """Closes the connections, which later calls open again. The session goes on."""
        self._transport.close()

    def __enter__(self) -> ChunkedStreamingClient:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        try:
            self.cleanup()
        except AvatarError:
            # What led here is worth more than what followed from it.
            if error is None:
                raise

    def _begin(
        self,
        call: str,
        image: Optional[File],
        avatar: Optional[str],
        files: Mapping[str, File],
        options: Options,
    ) -> str:
        if self.session_id is not None:
            raise RuntimeError("there is a session already; cleanup() ends it")
        with _form(image, avatar, files, options) as form:
            # A session of which nobody knows the name would go on for long.
            answer = self._transport.call("POST", _CALLS + call, form, repeatable=False)
        begun = cast(Begun, _object(answer, "hls_url"))
        self.session_id = begun["session_id"]
        self.hls_url = self._transport.given(begun["hls_url"])
        self.message = begun["message"]
        return self.session_id

    def _feed(self, session: str, chunk: bytes, is_final: bool, sequence: int) -> FeedResult:
        fields = {
            "session_id": session,
            "sequence": str(sequence),
            "is_final_chunk": "true" if is_final else "false",
        }
        files: dict[str, File] = {"audio_chunk": chunk} if chunk else {}
        with Form(fields, files) as form:
            answer = self._transport.call("POST", f"{_CALLS}/chunked/feed", form, repeatable=True)
        return cast(FeedResult, _object(answer, "session_status"))

    def _session(self) -> str:
        if self.session_id is None:
            raise RuntimeError("there is no session; init_session() begins one")
        return self.session_id

    def _forget(self) -> None:
        self.session_id = None
        self.hls_url = None
        self.message = None
        self._next = 0
        self._doubtful = None


def _form(image: Optional[File], avatar: Optional[str], files: Mapping[str, File], options: Options) -> Form:
    if (image is None) == (avatar is None):
        raise TypeError("either image or avatar")
    fields = to_fields(options)
    if avatar is not None:
        fields["avatar"] = avatar
    return Form(fields, {"image": image, **files} if image is not None else files)


def _object(answer: bytes, name: str) -> Mapping[str, Any]:
    """The JSON object of an answer, which has a member `name` if it is of this server."""
    try:
        value = json.loads(answer)
    except ValueError:
        value = None
    if not isinstance(value, dict) or name not in value:
        raise AvatarError("unexpected_answer", 200, "the answer is not one of this server's")
    return value
