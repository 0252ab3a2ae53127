"""One HTTP request with an end: what came back, or why nothing did, in words that hold no secret."""

import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from consumers.routes.request import Request

_MOST_DETAIL_BYTES = 500
_HIDDEN = "***"
# What is wrong with the request itself stays wrong; whatever else is refused may be mended at the other end.
_FINAL = frozenset({400, 405, 406, 409, 410, 411, 413, 414, 415, 422})
_WORDS: Sequence[tuple[type[HTTPError], str]] = (
    (NameResolutionError, "the host's name is not known"),
    (NewConnectionError, "no connection"),
    (ConnectTimeoutError, "no connection in time"),
    (ReadTimeoutError, "no answer in time"),
    (SSLError, "TLS: the other end's certificate or protocol is refused"),
    (ProtocolError, "the connection broke"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request ended: delivered, or ``why`` not; ``final`` where trying again cannot help.

    ``wait_s`` is how long the other end asked to be left alone.
    """

    delivered: bool
    why: str = ""
    final: bool = False
    wait_s: float = 0.0


class Poster:
    """Sends requests over kept connections; owned by one thread. Proxies are those of the environment."""

    def __init__(self, address: str, timeout_s: float, secrets: Sequence[str] = ()) -> None:
        self._secrets = secrets
        timeout = urllib3.Timeout(connect=timeout_s, read=timeout_s)
        proxy = _proxy(address)
        self._pool = (
            urllib3.PoolManager(timeout=timeout) if proxy is None else urllib3.ProxyManager(proxy, timeout=timeout)
        )

    def post(self, request: Request) -> Answer:
        """Send, and wait for the answer's head and the beginning of its body. Redirects are not followed."""
        try:
            response = self._pool.request(
                "POST",
                request.url,
                body=request.body,
                headers=dict(request.headers),
                redirect=False,
                retries=False,
                preload_content=False,
            )
            try:
                detail = response.read(_MOST_DETAIL_BYTES)
            finally:
                # Of an endless body no more is read.
                response.close()
        except HTTPError as error:
            return Answer(delivered=False, why=_words(error))
        return self._answer(response.status, detail, response.headers.get("Retry-After", ""))

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def _answer(self, status: int, detail: bytes, retry_after: str) -> Answer:
        if 200 <= status < 300:
            return Answer(delivered=True)
        if 300 <= status < 400:
            return Answer(delivered=False, why=f"HTTP {status}: it has moved; write its present address", final=True)
        text = " ".join(detail.decode(errors="replace").split())
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        why = f"HTTP {status}" + (f": {text}" if text else "")
        return Answer(delivered=False, why=why, final=status in _FINAL, wait_s=wait_of(retry_after, time()))


def wait_of(retry_after: str, now_s: float) -> float:
    """Return the seconds of a Retry-After header (RFC 9110, seconds or a date); 0 where it says nothing.

    >>> wait_of("120", 0.0), wait_of("Thu, 01 Jan 1970 00:01:00 GMT", 0.0), wait_of("soon", 0.0)
    (120.0, 60.0, 0.0)
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now_s)
    except (ValueError, OverflowError):
        return 0.0


def _words(error: HTTPError) -> str:
    """Say what happened, without the library's own text, which may hold the address."""
    return next((said for kind, said in _WORDS if isinstance(error, kind)), type(error).__name__)


def _proxy(address: str) -> str | None:
    """Return the proxy that the environment names for an address (HTTPS_PROXY, NO_PROXY, ...)."""
    parts = urlsplit(address)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)
