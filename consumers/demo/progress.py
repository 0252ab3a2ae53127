"""How far the day has come, and what driftline has said of it so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from consumers.demo.stage import Seen, Told
from consumers.demo.workshop import EVERY_MINUTES
from stream.schedule import DAY_MS

EVERY_MS = EVERY_MINUTES * 60_000
WINDOWS = DAY_MS // EVERY_MS


@dataclass(slots=True)
class Progress:
    """Times are milliseconds since the simulated midnight, which is ``midnight_ms`` in UTC."""

    midnight_ms: int
    time_ms: int = 0
    sent: int = 0
    tested_to_ms: int = 0
    ledger: Mapping[str, Any] = field(default_factory=dict)
    drifting: tuple[str, ...] = ()
    # Per window tested: was an incident open at its end?
    drift_seen: list[bool] = field(default_factory=list)
    alerts: list[Told] = field(default_factory=list)

    def take(self, seen: Seen) -> None:
        """Take what driftline said."""
        self.alerts.extend(seen.alerts)
        for status in seen.statuses:
            self.tested_to_ms = status["window"]["end_ms"] - self.midnight_ms
            self.ledger = status["ledger"]
            self.drifting = tuple(status["drifting"])
            # A driftline that catches up tells the latest of several windows.
            missing = min(self.tested_to_ms // EVERY_MS, WINDOWS) - len(self.drift_seen)
            self.drift_seen.extend([bool(self.drifting)] * missing)

    @property
    def over(self) -> bool:
        """Tell whether the day's last window was tested."""
        return self.tested_to_ms >= DAY_MS
