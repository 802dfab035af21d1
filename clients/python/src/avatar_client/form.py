"""Forms with files: multipart/form-data (RFC 7578)."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import IO, Union, cast

File = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, IO[bytes]]
"""A path, the bytes themselves, or something open that is read from where it stands."""

_BLOCK = 64 * 1024
# What is read more slowly than a form may be sent is put aside first, up to here in memory.
_IN_MEMORY = 1 << 20


class Form:
    """A form that can be sent more than once, within a `with` block. Files are read while it is sent."""

    content_type: str
    """For the header of the same name."""
    length: int
    """Bytes of the whole."""

    def __init__(self, fields: Mapping[str, str], files: Mapping[str, File]) -> None:
        """Raises OSError where a file cannot be opened."""
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._parts: list[tuple[bytes, IO[bytes], int]] = []
        self._end = f"--{boundary}--\r\n".encode()
        self._stack = ExitStack()
        try:
            for name, value in fields.items():
                head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
                self._parts.append((head.encode(), io.BytesIO(value.encode()), 0))
            for name, file in files.items():
                head = (
                    f"--{boundary}\r\n"
                    f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
                    "Content-Type: application/octet-stream\r\n\r\n"
                )
                source = self._open(file)
                self._parts.append((head.encode(), source, source.tell()))
            self.length = len(self._end)
            for head_bytes, source, start in self._parts:
                source.seek(0, io.SEEK_END)
                self.length += len(head_bytes) + source.tell() - start + len(b"\r\n")
        except BaseException:
            self._stack.close()
            raise

    def blocks(self) -> Iterator[bytes]:
        """The whole, from its beginning."""
        # Each block is sent at once, so small parts go together.
        gathered = bytearray()
        for head, source, start in self._parts:
            gathered += head
            source.seek(start)
            while block := source.read(_BLOCK):
                gathered += block
                if len(gathered) >= _BLOCK:
                    yield bytes(gathered)
                    gathered.clear()
            gathered += b"\r\n"
        yield bytes(gathered + self._end)

    def __enter__(self) -> Form:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self, file: File) -> IO[bytes]:
        if isinstance(file, (bytes, bytearray, memoryview)):
            return io.BytesIO(file)
        if isinstance(file, (str, os.PathLike)):
            return self._stack.enter_context(open(file, "rb"))
        if file.seekable():
            return file
        aside = self._stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
        shutil.copyfileobj(file, aside)
        aside.seek(0)
        return cast("IO[bytes]", aside)
