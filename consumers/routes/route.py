"""One route: alerts in, requests out, one at a time and in order; at least once, and never stuck for ever."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from consumers.alerts.event import NotAnEvent, read_event
from consumers.alerts.kafka_alerts import AlertRecord
from consumers.alerts.subscription import AlertLog
from consumers.facts import AlertRouted, Observer, RecordsPolled, RouteFailed, Stepped
from consumers.routes.delivery import Delivery, Outcome
from consumers.routes.history import History
from consumers.routes.kinds import KINDS
from consumers.settings.routes import RouteSettings
from consumers.source import LogUnavailable
from stream.drift_event import DriftEvent

_log = logging.getLogger("driftline.routes")


def role_of(route: str) -> str:
    """Return under which role a route's facts are told: each is a thread of its own."""
    return f"route {route}"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a route stands: why it fails and since when, how many events it gave up, and the last of these."""

    failing: str | None = None
    since: str | None = None
    undelivered: int = 0
    last_undelivered: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Route:
    """Reads alerts and delivers them; owned by one thread.

    ``memory`` keeps the standing where `driftline status` finds it; it is written when the standing changes, which is
    when deliveries begin to fail, end in vain, or work again.
    """

    name: str
    settings: RouteSettings
    log: AlertLog
    history: History
    memory: Callable[[Standing], None]
    observer: Observer
    membership: Callable[[], int] = field(default=lambda: 0)
    now: Callable[[], datetime] = _now
    standing: Standing = field(default_factory=Standing)
    delivery: Delivery = field(init=False)
    _held: AlertRecord | None = None
    _written: bool = True

    def step(self, wait_s: float) -> bool:
        """Take one record and bring it to its end; return whether there was one. Raises LogUnavailable or LogRefused.

        1. Read. 2. Decide whether it is wanted. 3. Deliver, or give up. 4. Write the standing where it changed.
        5. Move the group's position behind the record. Stopped in 3, the record is read again by the next owner.
        """
        # Held until it is done: what was polled and then forgotten would not be read again.
        self._held = self._held or self.log.poll(wait_s)
        self.observer.note(RecordsPolled(role_of(self.name), self.membership() >= 0, {}))
        self.alive()
        if self._held is None:
            if not self._written:
                self._stand(self.standing)
            return False
        if self._told(self._held):
            self._commit(self._held)
            self._held = None
        return True

    def alive(self) -> None:
        """Tell that the route is at work, in the middle of a step that waits for a service."""
        self.observer.note(Stepped(role_of(self.name)))

    def failed(self, why: str, pause_s: float) -> None:
        """Note an attempt that failed."""
        _log.warning("%s: %s; trying again in %.1f s", self.name, why, pause_s)
        self.observer.note(RouteFailed(self.name))
        self.alive()
        if self.standing.failing is None:
            self._stand(replace(self.standing, failing=why, since=self._iso()))

    def _told(self, record: AlertRecord) -> bool:
        """Tell the event where it is wanted; return whether the route is done with the record."""
        try:
            event = read_event(record.value)
        except NotAnEvent as error:
            _log.warning("%s: %s-%d@%d is passed over: %s", self.name, *record.place, record.offset, error)
            self.observer.note(AlertRouted(self.name, "not_an_event"))
            return True
        wanted, before = self.history.take(record, event, self.membership())
        if not wanted:
            return True
        request = KINDS[self.settings.kind](event, before, self.settings, self.now())
        outcome = self.delivery.deliver(request)
        self.alive()
        if outcome is not None:
            self._ended(record, event, outcome)
        return outcome is not None

    def _ended(self, record: AlertRecord, event: DriftEvent, outcome: Outcome) -> None:
        self.observer.note(AlertRouted(self.name, "delivered" if outcome.delivered else "undelivered"))
        if outcome.delivered:
            if self.standing.failing is not None:
                _log.info("%s: delivers again", self.name)
                self._stand(replace(self.standing, failing=None, since=None))
            return
        where = "{}-{}@{}".format(*record.place, record.offset)
        _log.error("%s: %s %s (%s) is given up (attempts: %d): %s", self.name, event.type, event.id, where,
                   outcome.attempts, outcome.why)  # fmt: skip
        lost: dict[str, Any] = {name: getattr(event, name) for name in ("id", "incident", "type", "summary")}
        lost |= {"place": where, "attempts": outcome.attempts, "why": outcome.why, "at": self._iso()}
        since = self.standing.since or self._iso()
        self._stand(Standing(outcome.why, since, self.standing.undelivered + 1, lost))

    def _stand(self, standing: Standing) -> None:
        self.standing = standing
        try:
            self.memory(standing)
            self._written = True
        except LogUnavailable as error:
            # Deliveries do not wait for it: it is tried again when there is nothing to deliver.
            self._written = False
            _log.warning("%s: its status could not be written: %s", self.name, error)

    def _commit(self, record: AlertRecord) -> None:
        try:
            self.log.commit({record.place: record.offset + 1})
        except LogUnavailable as error:
            # The next record's position covers this one; until then it may be told a second time.
            _log.warning("%s: %s", self.name, error)

    def _iso(self) -> str:
        return self.now().isoformat(timespec="seconds").replace("+00:00", "Z")
