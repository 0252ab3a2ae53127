"""Whether anything listens where the brokers should be: asked before a client is made, which is slower to give up."""

import socket
import time
from collections.abc import Sequence

from consumers.settings.sections import KafkaSettings
from consumers.source import LogUnavailable

# A broker that is slow to take a connection is left to the client, which is patient.
_CONNECT_S = 3.0
# One that is just starting gets a moment.
_GRACE_S = 1.5
_ASK_AGAIN_S = 0.3
_THROUGH_PROXY = ("proxy_url", "socks5_proxy")


def require_listener(kafka: KafkaSettings) -> None:
    """Return as soon as one of the addresses takes a connection, or may still do; behind a proxy, at once.

    Raises LogUnavailable, with what is wrong with each address, where for a moment none of them does.
    """
    if any(kafka.options.get(key) for key in _THROUGH_PROXY):
        return
    deadline_s = time.monotonic() + _GRACE_S
    while told := _refusals(kafka.bootstrap_servers):
        if time.monotonic() >= deadline_s:
            raise LogUnavailable(told)
        time.sleep(_ASK_AGAIN_S)


def _refusals(addresses: Sequence[str]) -> str:
    """Say why no address can be a broker's; "" where one may be."""
    found = []
    for address in addresses:
        why = _refusal(address)
        if not why:
            return ""
        found.append(why if len(addresses) == 1 else f"{address}: {why}")
    return "; ".join(found)


def _refusal(address: str) -> str:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()
    except ConnectionRefusedError:
        return "nothing listens there"
    except socket.gaierror:
        return "there is no such host"
    except TimeoutError:
        return ""
    except OSError as error:
        return f"cannot be reached ({error.strerror or error})"
    return ""
