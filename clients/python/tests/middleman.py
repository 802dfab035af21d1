"""A server between a client and the real one, which loses what it is told to lose."""

from __future__ import annotations

import http.client
import http.server
import ssl
import threading
from typing import Optional
from urllib.parse import urlsplit

PASS = "pass"
LOSE = "lose"
"""The request goes on, and the answer is lost."""
HANG_UP = "hang up"
"""The connection is closed after the answer, which says nothing of it."""
BUSY = "busy"
"""The request goes no further, and is answered with 503."""


class Middleman:
    """Does with the requests what `plan` says, one after the other; all that come later pass."""

    def __init__(self, base: str, plan: list[str], tls: Optional[ssl.SSLContext] = None) -> None:
        self.paths: list[str] = []
        self.keys: list[Optional[str]] = []
        self.lost: list[bytes] = []
        self.connections = 0
        middleman = self
        to = urlsplit(base).netloc

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                middleman.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                middleman.paths.append(self.path)
                middleman.keys.append(self.headers["X-Avatar-Key"])
                what = plan.pop(0) if plan else PASS
                if what == BUSY:
                    self.answer(503, b'{"error": "not now", "code": "busy"}', {"Retry-After": "1"})
                    return
                connection = http.client.HTTPConnection(to)
                connection.request(
                    self.command, self.path.replace("/behind", "", 1), body, dict(self.headers)
                )
                response = connection.getresponse()
                content = response.read()
                connection.close()
                if what == LOSE:
                    middleman.lost.append(content)
                    self.close_connection = True
                    return
                self.answer(response.status, content, {})
                if what == HANG_UP:
                    self.close_connection = True

            do_GET = do_DELETE = do_POST

            def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request: object, address: object) -> None:
                """A client that hangs up is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            self.url = f"https://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Middleman:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
