"""Which drift events somebody wants to hear of."""

from collections.abc import Iterable

from consumers.alerts.event import ends_incident, stands_alone
from consumers.settings.places import nearest
from stream.drift_event import DriftEvent
from stream.policy import SEVERITIES

EVENT_TYPES = ("drift.opened", "drift.changed", "drift.resolved", "monitor.health", "detector.fired")


class Interest:
    """Picks events by monitor, type and severity; empty is every one.

    Whoever heard of an incident hears of its end, which is always "info", and of every change. An end whose beginning
    was not seen is told: better once too often than never. Raises ValueError for a word that is none.
    """

    def __init__(
        self, monitors: Iterable[str] = (), types: Iterable[str] = (), min_severity: str = SEVERITIES[0]
    ) -> None:
        self._monitors, self._types = _words(monitors), _words(types)
        for name in sorted(self._types):
            _check("type", name, EVENT_TYPES)
        _check("min_severity", min_severity, SEVERITIES)
        self._least = SEVERITIES.index(min_severity)
        self._heard: dict[str, bool] = {}

    def wants(self, event: DriftEvent) -> bool:
        """Tell whether to hand the event on, and remember its incident; every event must pass here, in its order."""
        if self._monitors and event.monitor not in self._monitors:
            return False
        if stands_alone(event):
            loud = SEVERITIES.index(event.severity) >= self._least
        elif ends_incident(event):
            loud = self._heard.pop(event.incident, True)
        else:
            loud = SEVERITIES.index(event.severity) >= self._least or self._heard.get(event.incident, False)
            self._heard[event.incident] = loud
        return loud and (not self._types or event.type in self._types)


def _words(given: Iterable[str]) -> frozenset[str]:
    return frozenset([given] if isinstance(given, str) else given)


def _check(what: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        guess = nearest(word, known)
        instead = f'write "{guess}"' if guess else f"write one of {', '.join(known)}"
        raise ValueError(f'{what}: "{word}" is not known here; {instead}')
