"""The server under test."""

import os
import urllib.error
import urllib.request

BASE = os.environ.get("BASE", "http://127.0.0.1:8080")
PATIENCE = 20


def ask(method, path, body=None, kind="application/json"):
    """The status, the headers and the body of an answer."""
    request = urllib.request.Request(BASE + path, data=body, method=method)
    request.add_header("Content-Type", kind)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()
