"""What a monitor remembers beside its panes: small, and written in one transaction with what it said."""

from dataclasses import dataclass, field

from stream.detectors import Errors
from stream.gradual import Ongoing
from stream.incidents import Incident
from stream.persistence import Vote


@dataclass(slots=True)
class MonitorState:
    """Where the monitor stands in event time (UTC ms); None before the first pane."""

    # The first event time of the first pane: windows that begin before it have no data behind their beginning.
    origin_ms: int | None = None
    sealed_to_ms: int | None = None
    watermark_ms: int | None = None
    # Boundaries up to here were tested before the watermark passed them, because patience had ended.
    tested_to_ms: int | None = None
    # When the present stretch of too few samples began; None while there are enough.
    insufficient_since_ms: int | None = None


@dataclass(slots=True)
class Memory:
    """All of it, for one baseline and schedule; a monitor of others must not go on from it.

    ``counted_on`` marks the panes (``Schedule.counted_on``), ``window_ms`` the windows made of them.
    """

    counted_on: str
    window_ms: int = 0
    state: MonitorState = field(default_factory=MonitorState)
    votes: list[Vote] = field(default_factory=list)
    incident: Incident | None = None
    gradual: Ongoing = field(default_factory=Ongoing)
    errors: Errors = field(default_factory=Errors)
