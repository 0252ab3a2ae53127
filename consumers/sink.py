"""Where records go: all of them and the positions they were made from, or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from consumers.source import Place, Position


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to write; with no ``partition`` the key chooses, with no ``value`` a compacted topic drops the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


class Sink(Protocol):
    """A writer whose every commit is one transaction."""

    def commit(self, records: Iterable[Outgoing], positions: Mapping[Place, Position], membership: Any) -> None:
        """Write the records and commit the positions, all or nothing.

        Raises LogUnavailable when nothing was committed; the source must then be rewound.
        """
        ...

    def close(self) -> None:
        """Leave; an open transaction is aborted."""
        ...
