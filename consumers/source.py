"""Where records come from: the seam between the loops and the log, a few methods wide.

`KafkaSource` stands behind it in production, `MemoryLog` in tests. A source is owned by one thread.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from consumers.raw import RawBatch
from stream import tally

# A topic and the number of one of its partitions.
Place: TypeAlias = tally.Place


class LogUnavailable(Exception):
    """The log could not be read or written just now; nothing was committed, and trying again may work."""


class LogRefused(Exception):
    """The log will not let us, however often we try (rights, credentials); a person must act."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a partition's reader stands: the next offset, and the note that was committed beside it."""

    offset: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Polled:
    """What was read since the last commit or rewind, in offset order per partition.

    ``membership`` is the group membership as it was when the records were handed out: committing with it is refused
    when the partitions have since gone to somebody else. ``at_end`` are the owned partitions with nothing left to read.
    ``lost`` are the offsets that are gone, before they could be read or after, by partition; each such partition has a
    next offset, with or without a batch. ``topic_ids`` say which topic each name stands for, where the log knows.
    """

    batches: Sequence[RawBatch] = ()
    next_offsets: Mapping[Place, int] = field(default_factory=dict)
    at_end: frozenset[Place] = frozenset()
    membership: Any = None
    lost: Mapping[Place, int] = field(default_factory=dict)
    topic_ids: Mapping[str, str] = field(default_factory=dict)


class Source(Protocol):
    """A reader of partitions whose positions are committed together with what was made of them."""

    def assigned(self) -> Mapping[Place, Position] | None:
        """Return the owned partitions with their committed positions when they changed or were rewound; else None.

        What was read before must be forgotten: reading goes on from these positions.
        """
        ...

    def poll(self, timeout_s: float) -> Polled:
        """Return records as they come, for at most this long."""
        ...

    def partition_counts(self) -> Mapping[str, int]:
        """Return how many partitions each topic read has, owned or not."""
        ...

    def topic_ids(self) -> Mapping[str, str]:
        """Return which topic each name read stood for when it was last assigned, where the log knows."""
        ...

    def seek(self, place: Place, offset: int) -> int:
        """Read an owned partition on from another offset than the committed one; return the nearest that there is."""
        ...

    def end_offsets(self) -> Mapping[Place, int]:
        """Return where every partition of the topics read ends now, owned or not."""
        ...

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """Tell whether every owned partition has been read up to these ends; False while nothing is owned."""
        ...

    def rewind(self) -> None:
        """Go back to the committed positions; ``assigned`` will tell them."""
        ...

    def close(self) -> None:
        """Leave; what was not committed will be read again by the next owner."""
        ...


@contextmanager
def rewinding(source: Source) -> Iterator[None]:
    """Rewind when the log fails: what was polled since the last commit is forgotten, so it must be read again."""
    try:
        yield
    except LogUnavailable:
        source.rewind()
        raise
