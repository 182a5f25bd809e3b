"""A server of the OpenAI kind on the loopback, over real HTTP: it answers well, or as a test tells it to."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

DIMENSION = 24


def vector(text: str, dimension: int = DIMENSION) -> list[float]:
    """What the server's model makes of a text."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).normal(size=dimension).tolist()


def good_answer(texts: list[str], dimension: int = DIMENSION) -> Any:
    data = [
        {"index": place, "object": "embedding", "embedding": vector(text, dimension)}
        for place, text in enumerate(texts)
    ]
    return {"object": "list", "data": data, "model": "gte-large"}


class Speaker:
    """The server; `script` holds what to do with the next requests, then it answers well."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.host = f"127.0.0.1:{port}"
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.script: list[Callable[[BaseHTTPRequestHandler, list[str]], None]] = []

    def then(self, *steps: Callable[[BaseHTTPRequestHandler, list[str]], None]) -> None:
        self.script += steps


def send(asked: BaseHTTPRequestHandler, body: bytes, code: int = 200, **headers: str) -> None:
    asked.send_response(code)
    asked.send_header("Content-Type", "application/json")
    asked.send_header("Content-Length", headers.pop("length", str(len(body))))
    for name, value in headers.items():
        asked.send_header(name.replace("_", "-"), value)
    asked.end_headers()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        asked.wfile.write(body)


def says(answer: Any, code: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler, list[str]], None]:
    """Answer with this: JSON, bytes, or a function of the texts."""

    def step(asked: BaseHTTPRequestHandler, texts: list[str]) -> None:
        made = answer(texts) if callable(answer) else answer
        send(asked, made if isinstance(made, bytes) else json.dumps(made).encode(), code, **dict(headers))

    return step


@contextlib.contextmanager
def speaking() -> Iterator[Speaker]:
    """A server for as long as the block runs."""

    class Asked(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.requests.append(body)
            told.paths.append(self.path)
            told.keys.append(self.headers.get("Authorization"))
            step = told.script.pop(0) if told.script else says(good_answer)
            step(self, body["input"])

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    told = Speaker(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()
