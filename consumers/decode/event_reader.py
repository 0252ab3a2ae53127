"""Which format a record is of, and what it holds.

By headers, then by first bytes, then by keys; or the one format that is fixed. What an envelope holds is read in turn.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from consumers.decode.compressed import decompressed, is_compressed
from consumers.decode.confluent import Confluent
from consumers.decode.format import Format
from consumers.decode.lenient import Refused
from consumers.decode.lines import Lines
from consumers.decode.plain import Plain
from consumers.decode.record import Record
from consumers.decode.shape import PLAIN, Shape, Shaped
from consumers.decode.tables import Objects, Table

# Envelopes within envelopes: compressed, in a CloudEvent, with a schema, a change of a database.
_DEEPEST = 6

Found: TypeAlias = list[tuple[Record, Table]]


class EventReader:
    """Opens records until there are rows.

    ``fixed`` reads every record; without it, ``plain`` reads what none of ``formats`` claims. ``excludes`` tells what
    belongs to others by what stands in the record itself: such a record is not refused for having no rows.
    """

    def __init__(
        self, formats: Sequence[Format], plain: Plain, fixed: Format | None, excludes: Callable[[Record], bool]
    ) -> None:
        self._formats, self._plain, self._fixed, self._excludes = formats, plain, fixed, excludes
        self._by_header = [one for one in formats if one.announced.headers]
        self._by_key = [one for one in formats if one.announced.keys]
        self._keys = tuple(dict.fromkeys(key for one in formats for key in one.announced.keys))
        self._by_first: dict[int, list[Format]] = {}
        for one in formats:
            for first in dict.fromkeys(prefix[0] for prefix in one.announced.prefixes):
                self._by_first.setdefault(first, []).append(one)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that may tell a format."""
        return self._keys

    def shapes(self) -> list[Shape]:
        """Return how records look that need not be opened here, plain events first."""
        found, keys = [PLAIN] if self._fixed is None else [], tuple[str, ...]()
        headers = frozenset(name for one in self._formats for name in one.announced.headers)
        for one in self._formats:
            if isinstance(one, Shaped) and self._fixed in (None, one):
                # What has the keys of formats that are asked earlier is theirs.
                found += [
                    replace(shape, refused_headers=headers - shape.headers, refused_keys=keys) for shape in one.shapes
                ]
            keys += one.announced.keys
        return found

    def read(self, record: Record) -> Found:
        """Return the tables of a record, each with the record it stands in; raises Refused. None is none for us."""
        found: Found = []
        self._open(record, self._fixed, found, 0)
        return found

    def row(self, record: Record) -> Table | None:
        """Return the one row of a record that is plain JSON at a glance; None where `read` must look at it."""
        if record.headers or self._fixed is not None or not (record.value or b"").startswith(b"{"):
            return None
        try:
            document = record.document
        except Refused:
            return None
        if not self._plain.fits(record) and not document.keys().isdisjoint(self.keys):
            return None
        features = self._plain.row(record)
        return None if features is None else Objects([features], has_columns=False)

    def message(self, record: Record) -> Table | None:
        """Return the rows of a JSON object that is a message of one of the formats; None for any other object."""
        chosen = self._by_keys(record)
        if chosen is self._plain or chosen.is_envelope:
            return None
        opened = chosen.read(record)
        return None if isinstance(opened, list | tuple) else opened  # type: ignore[return-value]  # no sequence is left

    def _open(self, record: Record, fixed: Format | None, found: Found, depth: int) -> None:
        if depth > _DEEPEST:
            raise Refused("nested_too_deeply", f"there are more than {_DEEPEST} envelopes around the event")
        if record.value is not None and is_compressed(record.value):
            self._open(record.carrying(decompressed(record.value)), fixed, found, depth + 1)
            return
        chosen = self._choose(record) if fixed is None else self._framing(record, fixed) or fixed
        try:
            opened = chosen.read(record)
        except Refused:
            if chosen.is_envelope or not self._excludes(record):
                raise
            return
        if isinstance(opened, list | tuple):
            still = fixed if chosen is not fixed else None
            for inner in opened:
                self._open(inner, still, found, depth + 1)
        elif opened is not None:
            found.append((record, opened))  # type: ignore[arg-type]  # a sequence is a list or tuple

    def _framing(self, record: Record, fixed: Format) -> Format | None:
        """Return what reads the frame around a format that is fixed: as compression, it is no format of its own."""
        value = record.value or b""
        for one in self._by_first.get(value[0], ()) if value else ():
            if one is not fixed and isinstance(one, Confluent) and one.claims(record):
                return one
        return None

    def _choose(self, record: Record) -> Format:
        if record.headers:
            for one in self._by_header:
                if not record.headers.keys().isdisjoint(one.announced.headers) and one.claims(record):
                    return one
        if record.value:
            for one in self._by_first.get(record.value[0], ()):
                if record.value.startswith(one.announced.prefixes) and one.claims(record):
                    return one
        return self._by_keys(record)

    def _by_keys(self, record: Record) -> Format:
        try:
            document = record.document
        except Refused:
            return _LINES if _LINES.claims(record) else self._plain
        if not self._plain.fits(record):
            for one in self._by_key:
                if any(document.get(key) is not None for key in one.announced.keys) and one.claims(record):
                    return one
        return self._plain


_LINES = Lines()
