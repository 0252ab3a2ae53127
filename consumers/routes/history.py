"""What a route has told of each incident: a function of the records before its position, whoever read them."""

from collections.abc import Callable, Iterable

from consumers.alerts.event import NotAnEvent, ends_incident, read_event
from consumers.alerts.interest import Interest
from consumers.alerts.kafka_alerts import AlertRecord
from consumers.source import Place
from stream.drift_event import DriftEvent

# The records of a partition from one offset up to, not including, another; what is deleted is not among them.
Earlier = Callable[[Place, int, int], Iterable[AlertRecord]]


class History:
    """Picks events as an `Interest` does, and knows under which severity each open incident was told last.

    Where records were read by another member, ``earlier`` reads them again before the next one is judged.
    """

    def __init__(self, interest: Interest, earlier: Earlier) -> None:
        self._interest, self._earlier = interest, earlier
        self._seen: dict[Place, tuple[int, int]] = {}
        self._told: dict[str, str] = {}

    def take(self, record: AlertRecord, event: DriftEvent, membership: int) -> tuple[bool, str | None]:
        """Return whether to tell the event, and the severity told before; ``membership`` changes with the group's."""
        seen, known = self._seen.get(record.place, (0, -1))
        if known != membership and seen < record.offset:
            self._catch_up(record.place, seen, record.offset)
        self._seen[record.place] = (record.offset + 1, membership)
        return self._judge(event)

    def _catch_up(self, place: Place, start: int, end: int) -> None:
        for record in self._earlier(place, start, end):
            try:
                self._judge(read_event(record.value))
            except NotAnEvent:
                # Was logged when it was read for the first time.
                continue

    def _judge(self, event: DriftEvent) -> tuple[bool, str | None]:
        before, wanted = self._told.get(event.incident), self._interest.wants(event)
        if ends_incident(event):
            self._told.pop(event.incident, None)
        elif wanted:
            self._told[event.incident] = event.severity
        return wanted, before
