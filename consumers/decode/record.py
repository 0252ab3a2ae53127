"""One record on its way to rows: what is still to be read, and what was found around it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from consumers.decode.lenient import Refused, follow, parse
from consumers.raw import RawRecord

_parse_quickly = msgspec.json.Decoder().decode
# What msgspec is known to raise for bytes that are no JSON.
_ODD = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)


class Record:
    """``value`` are bytes to read, or ``document`` is what they said: one of them is given.

    ``headers`` are by lower-case name, ``around`` what envelopes said about the event, for paths that begin with "@".
    ``key`` is the key of the record.
    """

    __slots__ = ("_parsed", "around", "headers", "key", "value")

    def __init__(
        self,
        value: bytes | None,
        headers: Mapping[str, bytes] | None = None,
        around: Mapping[str, Any] | None = None,
        document: Any = None,
        key: bytes | None = None,
    ) -> None:
        self.value, self.key = value, key
        self.headers: Mapping[str, bytes] = headers or {}
        self.around: Mapping[str, Any] = around or {}
        self._parsed = document

    @classmethod
    def of(cls, raw: RawRecord) -> "Record":
        """Return a record as it came; of a header that stands twice the last counts, as in Kafka's own clients."""
        headers = {name.lower(): value for name, value in raw.headers if value is not None} if raw.headers else None
        return cls(raw.value, headers, key=raw.key)

    def carrying(
        self, value: bytes | None = None, around: Mapping[str, Any] | None = None, document: Any = None
    ) -> "Record":
        """Return what was inside this record, with what it said around it; headers stay."""
        return Record(value, self.headers, {**self.around, **(around or {})}, document, self.key)

    def end_at(self, length: int) -> None:
        """Take the first bytes for the whole record."""
        self.value = (self.value or b"")[:length]

    def tell(self, document: dict[str, Any]) -> None:
        """Say what paths lead into, where that is no JSON."""
        self._parsed = document

    @property
    def parsed(self) -> Any:
        """The JSON that the record is; raises Refused where it is none."""
        if self._parsed is None:
            try:
                self._parsed = _parse_quickly(self.value or b"")
            except _ODD:
                self._parsed = parse(self.value)
        return self._parsed

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object that the record is; raises Refused where it is none."""
        parsed = self.parsed
        if type(parsed) is not dict:
            raise Refused("not_an_object", f"the event is JSON, but not an object: {str(parsed)[:40]!r}")
        return parsed

    @property
    def is_object(self) -> bool:
        """Whether the record was found to be a JSON object."""
        return type(self._parsed) is dict

    def at(self, path: tuple[str, ...]) -> Any:
        """Return the value at a path, None where there is none."""
        if not path or not path[0].startswith("@"):
            return follow(self._parsed, path)
        if path[0] in ("@header", "@key"):
            text = self.key if path[0] == "@key" else self.headers.get(".".join(path[1:]).lower())
            return None if text is None else text.decode("utf-8", "replace")
        return follow(self.around, (path[0][1:], *path[1:]))
