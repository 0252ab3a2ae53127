"""Services on loopback that alerts are delivered to: they answer as they are told, and remember what came."""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """What to answer: status, headers and body; ``hang`` says nothing at all, ``drop`` closes the connection."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    hang: bool = False
    drop: bool = False


@dataclass(frozen=True)
class Came:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body, read."""
        return json.loads(self.body)


class Peer:
    """Answers with one reply after the other, then with the last one for ever."""

    def __init__(self, replies: Iterable[Reply] = (Reply(),)) -> None:
        self.came: list[Came] = []
        self.replies = list(replies)
        self._ended = threading.Event()
        peer = self

        class Asked(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                peer.came.append(Came(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                peer.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        """Give the next reply."""
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.hang:
            self._ended.wait(30)
        if reply.hang or reply.drop:
            asked.close_connection = True
            return
        asked.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            asked.send_header(name, value)
        asked.end_headers()
        asked.wfile.write(reply.body)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
