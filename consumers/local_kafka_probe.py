"""Ask a broker over a bare socket whom it knows, the first milliseconds of its life included.

A client library retries, caches and logs; waiting for a broker that is not there yet needs one question, one answer.
Requests are Kafka's Metadata, version 1 (Kafka protocol guide, "The Messages: Metadata").
"""

import socket
import struct
from typing import Final

_TIMEOUT_S: Final = 2.0
_METADATA_V1: Final = struct.pack(">hhih", 3, 1, 1, -1) + struct.pack(">i", 0)  # key, version, correlation; no topics


def alive_brokers(host: str, port: int) -> set[int]:
    """Return the ids of the brokers that the one at ``host:port`` takes for alive; empty when it does not answer."""
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(_METADATA_V1)) + _METADATA_V1)
            with connection.makefile("rb") as stream:
                (size,) = struct.unpack(">i", stream.read(4))
                return _broker_ids(stream.read(size))
    except (OSError, struct.error):
        return set()


def _broker_ids(answer: bytes) -> set[int]:
    _, count = struct.unpack_from(">ii", answer)
    place = 8
    ids = set()
    for _ in range(count):
        broker_id, host_length = struct.unpack_from(">ih", answer, place)
        (rack_length,) = struct.unpack_from(">h", answer, place + 10 + host_length)
        ids.add(broker_id)
        place += 12 + host_length + max(0, rack_length)
    return ids
