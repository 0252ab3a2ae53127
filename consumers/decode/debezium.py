"""Debezium's change events: the row after the change. In JSON with or without schemas, or behind Confluent's framing.

Source: Debezium's documentation, "Change event values"; Kafka Connect's JsonConverter wraps any value as ``schema`` and
``payload``. Deletes and their tombstones are nobody's rows. Rows of a snapshot are old ones that come at once: they are
left out unless the configuration asks for ``@snapshot``.
"""

from typing import Any, Literal

import msgspec

from consumers.decode.format import Announced, Wanted
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.shape import Shape

_WITH_ROW = ("c", "u", "r")
_WITHOUT_ROW = ("d", "t", "m")
_NO_SNAPSHOT = (None, "false", False)
# What is said around a row, as it stands in the change; and how most changes are told from all other records.
_TOLD = ("op", "source", "ts_ms")
_CHANGE = {("op",): Literal["c", "u"], ("source", "snapshot"): Literal["false", None]}


class Debezium:
    """Opens a change onto the row as it is now; ``@op``, ``@ts_ms``, ``@source`` and ``@snapshot`` say what it was."""

    announced = Announced(keys=("op", "payload"))
    is_envelope = True
    shapes = (
        Shape(("after",), needs=_CHANGE, around=lambda keys: keys if keys[0] in _TOLD else None),
        Shape(
            ("payload", "after"),
            needs={("schema",): msgspec.Raw} | {("payload", *keys): kind for keys, kind in _CHANGE.items()},
            around=lambda keys: ("payload", *keys) if keys[0] in _TOLD else None,
            is_closed=True,
        ),
    )

    def __init__(self, wanted: Wanted) -> None:
        self._takes_snapshots = "@snapshot" in wanted.paths

    def claims(self, record: Record) -> bool:
        """Tell whether this is a change, or what Kafka Connect wraps one in."""
        return record.is_object and (_is_change(record.document) or _is_wrapped(record.document))

    def read(self, record: Record) -> list[Record]:
        """Return the row after the change; none for what has no row, or is not watched."""
        if record.value is None and not record.is_object:
            return []
        document = record.document
        if _is_wrapped(document):
            payload = document["payload"]
            if not isinstance(payload, dict) or not _is_change(payload):
                return [] if payload is None else [record.carrying(None, None, payload)]
            document = payload
        return self._row(record, document)

    def _row(self, record: Record, change: dict[str, Any]) -> list[Record]:
        op, source, after = change.get("op"), change.get("source"), change.get("after")
        is_snapshot = op == "r" or (isinstance(source, dict) and source.get("snapshot") not in _NO_SNAPSHOT)
        if op in _WITHOUT_ROW or (is_snapshot and not self._takes_snapshots):
            return []
        if op not in _WITH_ROW or not isinstance(after, dict):
            raise Refused("bad_change", f"a change of kind {str(op)[:20]!r} has no row after it")
        around = {"op": op, "source": source, "snapshot": is_snapshot, "ts_ms": change.get("ts_ms")}
        return [record.carrying(None, around, after)]


def _is_change(document: dict[str, Any]) -> bool:
    return isinstance(document.get("op"), str) and ("after" in document or "before" in document)


def _is_wrapped(document: dict[str, Any]) -> bool:
    return "schema" in document and "payload" in document and len(document) == 2
