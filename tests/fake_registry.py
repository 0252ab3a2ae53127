"""A Schema Registry of a few lines, on a loopback port."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeRegistry:
    """Answers from a table, by path; ``asked`` are the requests it got."""

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, path: str, authorization: str | None) -> tuple[int, Any]:
        self.asked.append((path, authorization))
        if self.failures:
            return self.failures.pop(0), {}
        return (200, self.answers[path]) if path in self.answers else (404, {"error_code": 40403})


@contextmanager
def running() -> Iterator[FakeRegistry]:
    """Yield a registry that answers until the block ends."""
    registry = FakeRegistry()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = registry.answer(self.path, self.headers.get("Authorization"))
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        registry.url = f"http://127.0.0.1:{server.server_port}"
        yield registry
        server.shutdown()
