"""What a source hands over: bytes with their places, before anything was understood."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from stream.rows import Rows

# Why records are refused whose details speak of lengths, paths and the names of columns: no value leaves in them.
_OF_LENGTHS_AND_NAMES = frozenset(
    {"no_features", "no_timestamp", "no_rows", "wrong_length", "wrong_shape", "unknown_names", "missing_extra"}
)
# A record's headers, in their order; a name may stand more than once.
Headers: TypeAlias = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record, and what stands around its value."""

    value: bytes | None
    headers: Headers = ()
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Consecutive records of one partition, in offset order.

    ``timestamps_ms`` are the records' own timestamps (UTC); None where the source has none, as files. So are ``keys``
    and ``headers``.
    """

    topic: str
    partition: int
    offsets: Sequence[int]
    values: Sequence[bytes | None]
    timestamps_ms: Sequence[int] | None = None
    keys: Sequence[bytes | None] | None = None
    headers: Sequence[Headers] | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    def record(self, place: int) -> RawRecord:
        """Return the record at a place."""
        headers = () if self.headers is None else self.headers[place]
        return RawRecord(self.values[place], headers, None if self.keys is None else self.keys[place])

    def records(self) -> Iterator[RawRecord]:
        """Yield all records."""
        return map(self.record, range(len(self)))

    def part(self, places: Sequence[int]) -> "RawBatch":
        """Return the records at some places, which ascend."""
        return RawBatch(
            topic=self.topic,
            partition=self.partition,
            offsets=[self.offsets[place] for place in places],
            values=[self.values[place] for place in places],
            timestamps_ms=None if self.timestamps_ms is None else [self.timestamps_ms[place] for place in places],
            keys=None if self.keys is None else [self.keys[place] for place in places],
            headers=None if self.headers is None else [self.headers[place] for place in places],
        )


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is no event: where it was, why it was refused, and its bytes."""

    offset: int
    reason: str
    detail: str
    value: bytes | None

    def told(self, topic: str, partition: int) -> str:
        """Return where the record is and, if it repeats nothing of what the record holds, what is wrong with it."""
        place = f"{topic}-{partition}, offset {self.offset}"
        return f"{place}: {self.detail}" if self.reason in _OF_LENGTHS_AND_NAMES else place


@dataclass(frozen=True, slots=True)
class Decoded:
    """A raw batch, understood: each of its records has rows, is rejected, or is one of ``foreign``.

    A record of several rows has its offset at each of them. ``foreign_rows`` are rows that belong to others, though
    their record has rows that do not.
    """

    rows: Rows
    rejected: tuple[Rejected, ...]
    foreign: int
    foreign_rows: int = 0
