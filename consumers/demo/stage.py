"""Where the day is played: events go in, and what driftline says of them comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

# A drift event as it stands on the alerts topic, or a monitor's status as it stands on the status topic.
Told: TypeAlias = Mapping[str, Any]


class DemoFailed(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What driftline said since the last look, oldest first."""

    statuses: Sequence[Told] = ()
    alerts: Sequence[Told] = ()


class Stage(Protocol):
    """A broker with ``driftline run`` behind it, or ``replay`` over the same lines."""

    def send(self, values: Sequence[bytes]) -> None:
        """Hand over the next events."""
        ...

    def look(self, wait_s: float) -> Seen:
        """Return what driftline said, after waiting for at most about this long. Raises DemoFailed when it ended."""
        ...
