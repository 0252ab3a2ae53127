"""What a source hands over: bytes with their places, before anything was understood."""

from collections.abc import Sequence
from dataclasses import dataclass

from stream.rows import Rows


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Consecutive records of one partition, in offset order.

    ``timestamps_ms`` are the records' own timestamps (UTC); None where the source has none, as files. So are ``keys``.
    """

    topic: str
    partition: int
    offsets: Sequence[int]
    values: Sequence[bytes | None]
    timestamps_ms: Sequence[int] | None = None
    keys: Sequence[bytes | None] | None = None

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is no event: where it was, why it was refused, and its bytes."""

    offset: int
    reason: str
    detail: str
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A raw batch, understood: ``len(rows) + len(rejected) + foreign`` records."""

    rows: Rows
    rejected: tuple[Rejected, ...]
    foreign: int
