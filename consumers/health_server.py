"""Metrics and health over HTTP, from one daemon thread; it never touches a Kafka client, only what was told."""

import socketserver
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from typing import TypeAlias
from urllib.parse import urlsplit

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from consumers.errors import SettingsError
from consumers.health import Answer, Health
from consumers.settings import Settings

# Status, content type, body.
Page: TypeAlias = tuple[HTTPStatus, str, bytes]
_JSON = "application/json"
_INDEX = b"driftline: /metrics /healthz /readyz\n"


class HealthServer:
    """Serves ``/metrics``, ``/healthz`` and ``/readyz`` until it is closed.

    ``address`` is host:port, port 0 for a free one. Raises OSError when it cannot be listened on.
    """

    def __init__(self, address: str, health: Health, registry: CollectorRegistry) -> None:
        self._server = _Server(*_split(address), _pages(health, registry))
        self._thread = threading.Thread(target=self._server.serve_forever, name="driftline-health", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens, with the port that it got."""
        host, port = self._server.server_address[:2]
        return f"[{host!s}]:{port}" if ":" in str(host) else f"{host!s}:{port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=1)


def serve(settings: Settings, health: Health, registry: CollectorRegistry) -> HealthServer | None:
    """Listen where the settings say, if they do. Raises SettingsError when that cannot be.

    Where nobody chose an address and the usual one is taken, by another role on this host say, any free port does.
    """
    address = settings.telemetry.listen
    if not address:
        return None
    try:
        return HealthServer(address, health, registry)
    except OSError as error:
        if "listen" not in settings.telemetry.model_fields_set:
            return HealthServer(f"{_split(address)[0]}:0", health, registry)
        raise SettingsError(
            f'{settings.path}: telemetry.listen: cannot listen on "{address}" ({error.strerror or error}); '
            'write a free address, for example "127.0.0.1:9465", or "" for none'
        ) from error


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, pages: dict[str, Callable[[str], Page]]) -> None:
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self.pages = pages
        super().__init__((host, port), _Asked)

    def server_bind(self) -> None:
        """Bind without asking a name server for this host's name, as the standard library would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class _Asked(BaseHTTPRequestHandler):
    # A client that says nothing must not hold a thread for ever.
    timeout = 10
    server: _Server

    def do_GET(self) -> None:
        """Answer with a page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with a page's head."""
        self._answer(with_body=False)

    def version_string(self) -> str:
        """Say who answers, and nothing of the Python beneath."""
        return "driftline"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        """Say nothing: probes come every few seconds."""

    def _answer(self, *, with_body: bool) -> None:
        page = self.server.pages.get(urlsplit(self.path).path)
        status, kind, body = (
            (HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", _INDEX)
            if page is None
            else page(self.headers.get("Accept", ""))
        )
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _pages(health: Health, registry: CollectorRegistry) -> dict[str, Callable[[str], Page]]:
    return {
        "/": lambda _accept: (HTTPStatus.OK, "text/plain; charset=utf-8", _INDEX),
        "/metrics": lambda accept: _metrics(registry, accept),
        "/healthz": lambda _accept: _probe(health.live()),
        "/readyz": lambda _accept: _probe(health.ready()),
    }


def _metrics(registry: CollectorRegistry, accept: str) -> Page:
    encode, kind = choose_encoder(accept)
    return HTTPStatus.OK, kind, encode(registry)


def _probe(answer: Answer) -> Page:
    status = HTTPStatus.OK if answer.well else HTTPStatus.SERVICE_UNAVAILABLE
    return status, _JSON, orjson.dumps(answer.body) + b"\n"


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)
