"""Facts become lines in the log: only what somebody should look at; normal running is quiet."""

import logging
import time
from collections import Counter
from collections.abc import Callable

from consumers.facts import Dropped, EventsCounted, EventsLost, Fact, LabelsJoined, PartitionsOwned

# Bad events come in floods: one line per reason in this time, with how many there were.
_QUIET_S = 60.0
_log = logging.getLogger("driftline.events")
_group_log = logging.getLogger("driftline.group")


class FactLog:
    """Logs which partitions are owned, and drops that nobody asked for: at once, then a line per minute and reason."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said_s: dict[tuple[str, str, str], float] = {}
        self._unsaid: Counter[tuple[str, str, str]] = Counter()
        self._owned: dict[str, tuple[object, ...]] = {}

    def note(self, fact: Fact) -> None:
        """See `Observer.note`."""
        match fact:
            case EventsCounted(dropped=dropped):
                for drop in dropped:
                    self._dropped(drop, "events are in no window")
            case LabelsJoined(growth=growth):
                for reason, labels in sorted(growth.labels_rejected.items()):
                    self._dropped(Dropped("rejected", reason, labels, intentional=False), "labels are of no use")
            case EventsLost(lost=lost):
                for (topic, partition), offsets in sorted(lost.items()):
                    _log.warning(
                        "%s-%d: %d offsets are gone: deleted before they were read, or given up by a broker",
                        topic,
                        partition,
                        offsets,
                    )
            case PartitionsOwned(role, places) if self._owned.get(role) != places:
                self._owned[role] = places
                names = ", ".join(f"{topic}-{partition}" for topic, partition in places)
                _group_log.info("%s reads %s", role, names or "no partition: there are enough other members")

    def _dropped(self, drop: Dropped, what: str) -> None:
        if drop.intentional:
            return
        key = (what, drop.fate, drop.reason)
        self._unsaid[key] += drop.events
        now_s = self._clock()
        if now_s - self._said_s.get(key, -_QUIET_S) >= _QUIET_S:
            why = f"{drop.fate}: {drop.reason}" if drop.reason else drop.fate
            _log.warning("%d %s (%s)", self._unsaid.pop(key), what, why)
            self._said_s[key] = now_s
