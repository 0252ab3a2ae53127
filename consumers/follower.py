"""The joiner's other seams: labels that follow the partitions of the events, and parts of the log read once more."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from consumers.raw import RawBatch
from consumers.source import Place, Polled


@dataclass(frozen=True, slots=True)
class LabelsAt:
    """How far a partition of the labels is joined: None, not at all; ``topic_id`` says of which topic that is."""

    offset: int | None = None
    topic_id: str = ""


class Follower(Protocol):
    """A reader of exactly the partitions that it is told; it is in no group, and commits nothing."""

    def follow(self, places: Mapping[Place, LabelsAt]) -> Mapping[Place, int]:
        """Read these partitions, and no others, on from here; return where each is begun.

        What is of an earlier topic of the same name is begun anew. Raises LogUnavailable.
        """
        ...

    def poll(self, timeout_s: float, full: Collection[Place] = ()) -> Polled:
        """Return records as they come, for at most this long, but of partitions that are full; no membership."""
        ...

    def topic_ids(self) -> Mapping[str, str]:
        """Return which topic the name stood for when following was begun, where the log knows."""
        ...

    def end_offsets(self) -> Mapping[Place, int]:
        """Return where every partition of the topic ends now."""
        ...

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """Tell whether every partition followed has been read up to these ends."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class Archive(Protocol):
    """Parts of the log, read once more beside everything that goes on."""

    def read(self, place: Place, start: int, end: int | None = None) -> Iterator[RawBatch]:
        """Yield the committed records from ``start``, or the first there is, to ``end``, or what it is now."""
        ...

    def ends(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """Return where these partitions end now; nothing that is written later lies before."""
        ...

    def close(self) -> None:
        """Leave."""
        ...
