"""Kafka as the tap's outlet: a plain producer, whose every wait has an end and whose memory has a bound."""

import threading
from collections.abc import Sequence
from typing import Any

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from consumers.tap.kafka_producer import LateProducer
from consumers.tap.outlet import Settled

# Events wait for company, so that fewer and larger requests are sent.
_LINGER_MS = 100
_ROOM_WAIT_S = 5.0


class _Identified(msgspec.Struct):
    id: str


class KafkaEvents:
    """Events to a topic; ``options`` are kafka-python's own for a producer (security, compression, ...).

    An event's key is its id: labels that are written with the same key lie beside it.

    Connects when the first batch comes, from the tap's own thread, so that a server starts without its broker.
    ``most_unconfirmed_bytes`` bounds what waits for a broker's answer.
    """

    def __init__(
        self,
        bootstrap_servers: str | Sequence[str],
        topic: str,
        *,
        most_unconfirmed_bytes: int = 16_777_216,
        **options: Any,
    ) -> None:
        self._topic = topic
        self._producer = LateProducer({"linger_ms": _LINGER_MS, **options, "bootstrap_servers": bootstrap_servers})
        self._most_unconfirmed_bytes = most_unconfirmed_bytes
        self._begin()

    def _begin(self) -> None:
        self._closed = False
        self._unconfirmed_bytes = 0
        self._room = threading.Condition(threading.Lock())

    def send(self, lines: Sequence[bytes], settled: Settled) -> None:
        """See `Outlet.send`. Waits some seconds for a broker, or for room; what then has none is lost."""
        handed = 0
        try:
            producer = self._open()
            for line in lines:
                if not self._reserve(len(line)):
                    break
                self._send(producer, line, settled)
                handed += 1
        except KafkaError:
            # No broker answers, or the topic is not there: what was not handed over is settled as lost below.
            return
        finally:
            if handed < len(lines):
                settled(0, len(lines) - handed)

    def flush(self, timeout_s: float) -> None:
        """See `Outlet.flush`."""
        self._producer.flush(timeout_s)

    def close(self, timeout_s: float) -> None:
        """See `Outlet.close`."""
        self._closed = True
        self._producer.close(timeout_s)

    def forget(self) -> None:
        """See `Outlet.forget`."""
        self._producer.forget()
        self._begin()

    def _open(self) -> KafkaProducer:
        if self._closed:
            raise KafkaError("this outlet is closed")
        return self._producer.open()

    def _send(self, producer: KafkaProducer, line: bytes, settled: Settled) -> None:
        try:
            future = producer.send(self._topic, value=line, key=_key(line))
        except BaseException:
            self._release(len(line))
            raise

        def confirmed(_: object) -> None:
            self._release(len(line))
            settled(1, 0)

        def lost(_: object) -> None:
            self._release(len(line))
            settled(0, 1)

        future.add_callback(confirmed)
        future.add_errback(lost)

    def _reserve(self, size: int) -> bool:
        with self._room:
            if self._room.wait_for(lambda: self._has_room(size), _ROOM_WAIT_S):
                self._unconfirmed_bytes += size
                return True
            return False

    def _has_room(self, size: int) -> bool:
        return self._unconfirmed_bytes == 0 or self._unconfirmed_bytes + size <= self._most_unconfirmed_bytes

    def _release(self, size: int) -> None:
        with self._room:
            self._unconfirmed_bytes -= size
            self._room.notify()


def _key(line: bytes) -> bytes | None:
    """Return the id of an event as the tap writes it; None for other lines."""
    try:
        return msgspec.json.decode(line, type=_Identified).id.encode()
    except msgspec.DecodeError:
        return None
