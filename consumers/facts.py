"""What the loops find worth telling: small facts, one per step or batch, never one per event.

The loops know an `Observer`, one method wide; what becomes of a fact (a metric, a line in the log, the answer of a
health probe) is decided elsewhere. No fact holds anything that a loop may still change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from consumers.source import Place
from stream.join_ledger import JoinLedger
from stream.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step came to its end."""

    role: str


@dataclass(frozen=True, slots=True)
class LogUnanswered:
    """A step ended because the log could not be read or written; it will be tried again."""

    role: str
    why: str


@dataclass(frozen=True, slots=True)
class PartitionsOwned:
    """The group gave this member other partitions than it had, or the same ones anew."""

    role: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class RecordsPolled:
    """Whether this member is in its group (None: not said just now), and records not yet read, by partition."""

    role: str
    joined: bool | None
    lag: Mapping[Place, int]


@dataclass(frozen=True, slots=True)
class TransactionEnded:
    """A transaction was committed, or nothing of it was."""

    role: str
    committed: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """Events that are in no window: ``intentional`` where the configuration asks for it, else somebody should look."""

    fate: str
    reason: str
    events: int
    intentional: bool


@dataclass(frozen=True, slots=True)
class EventsCounted:
    """One transaction of a counter: where its events have gone."""

    read: int
    counted: int
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True)
class EventsLost:
    """Offsets that were gone from the events topic before they were read, by partition; no ledger has them."""

    lost: Mapping[Place, int]


@dataclass(frozen=True, slots=True)
class LabelsJoined:
    """One step of a joiner: what its ledger grew, and how many predictions wait in this process."""

    growth: JoinLedger
    waiting: int


@dataclass(frozen=True, slots=True)
class FeatureEffect:
    """One check of one feature of an open incident, as the latest window has it."""

    feature: str
    check: str
    effect: float


@dataclass(frozen=True, slots=True)
class WindowTested:
    """A boundary of the schedule was passed, and what came of it is committed; times in UTC ms.

    ``monitor`` is its label: its name, and its segment where it has any.
    """

    monitor: str
    end_ms: int
    status: str
    rows: int
    effects: tuple[FeatureEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class EventPublished:
    """A drift event is on the alerts topic."""

    type: str
    severity: str


@dataclass(frozen=True, slots=True)
class AlertRouted:
    """A route is done with an alert: ``delivered``, ``undelivered`` (given up) or ``not_an_event``."""

    route: str
    outcome: str


@dataclass(frozen=True, slots=True)
class RouteFailed:
    """One attempt of a route to deliver failed; it will be tried again."""

    route: str


@dataclass(frozen=True, slots=True)
class MonitorStands:
    """How a judge's monitor stands after a step, over all its segments.

    ``ledger`` is by fate and reason, over the monitor's whole life.
    ``waited_ms`` is for how long, in log time, its next window has waited; ``behind`` are the partitions that windows
    are told to wait for, by reason.
    """

    watermark_ms: int | None
    panes_held: int
    # None: no incident is open.
    features_drifting: int | None
    ledger: Mapping[tuple[str, str], int] = field(default_factory=dict)
    waited_ms: int = 0
    behind: Mapping[str, int] = field(default_factory=dict)


Fact: TypeAlias = (
    Stepped
    | LogUnanswered
    | PartitionsOwned
    | RecordsPolled
    | TransactionEnded
    | EventsCounted
    | EventsLost
    | LabelsJoined
    | WindowTested
    | EventPublished
    | AlertRouted
    | RouteFailed
    | MonitorStands
)


class Observer(Protocol):
    """Is told facts, on the loop's thread: quick, and never raising."""

    def note(self, fact: Fact) -> None:
        """Take note of a fact."""
        ...


@dataclass(frozen=True, slots=True)
class Observers:
    """Tells each of several; none of them is nobody."""

    each: Sequence[Observer] = ()

    def note(self, fact: Fact) -> None:
        """See `Observer.note`."""
        for observer in self.each:
            observer.note(fact)


@dataclass(frozen=True, slots=True)
class Renamed:
    """Tells what a role does under another name: two monitors of one process have the same roles."""

    observer: Observer
    role: str
    name: str

    def note(self, fact: Fact) -> None:
        """See `Observer.note`."""
        match fact:
            case Stepped() | LogUnanswered() | PartitionsOwned() | RecordsPolled() | TransactionEnded() if (
                fact.role == self.role
            ):
                self.observer.note(replace(fact, role=self.name))
            case _:
                self.observer.note(fact)


NOBODY = Observers()


def by_fate(ledger: Ledger) -> dict[tuple[str, str], int]:
    """Return a ledger's events by fate and reason; ``read`` is their sum, and no entry."""
    fates = {(fate, ""): getattr(ledger, fate) for fate in ("counted", "late", "ahead", "foreign")}
    return fates | {("rejected", reason): events for reason, events in sorted(ledger.rejected.items())}


def counted(growth: Ledger) -> EventsCounted:
    """Return what one transaction added to a ledger, as a fact."""
    drops = tuple(
        Dropped(fate, reason, events, intentional=fate == "foreign")
        for (fate, reason), events in by_fate(growth).items()
        if events and fate != "counted"
    )
    return EventsCounted(growth.read, growth.counted, drops)
