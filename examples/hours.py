"""Hours that pass in seconds: each minute is served when it is due, and what driftline says is told as it comes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from consumers.demo.narrator import Narrator
from consumers.demo.stage import DemoFailed, Told
from consumers.demo.words import clock
from examples.place import Open
from stream.schedule import DAY_MS

MINUTE_MS = 60_000
_LOOK_S = 0.1
_FINISH_WITHIN_S = 60
# Served after the end: their events tell that the last window is complete on every partition.
_CLOSING_MINUTES = 5


@dataclass(slots=True)
class Hours:
    """So many minutes from ``start_ms`` (UTC) on, played in about ``seconds`` of ours; ``alerts`` are those so far.

    ``tested_to_ms`` says of each monitor up to when it has tested windows.
    """

    start_ms: int
    minutes: int
    seconds: float
    alerts: list[Told] = field(default_factory=list)
    tested_to_ms: dict[str, int] = field(default_factory=dict)

    def time_ms(self, minute: int) -> int:
        """Return when a minute begins, in UTC ms."""
        return self.start_ms + minute * MINUTE_MS

    def times_ms(self, minute: int, count: int) -> list[int]:
        """Return ``count`` times of a minute, in UTC ms, evenly from its beginning on."""
        return [self.time_ms(minute) + number * MINUTE_MS // count for number in range(count)]

    def clock(self, minute: int) -> str:
        """Return a minute as a time of the day."""
        return self.clock_of(self.time_ms(minute))

    @staticmethod
    def clock_of(time_ms: int) -> str:
        """Return UTC ms as a time of the day."""
        return clock(time_ms % DAY_MS)

    def first_told(self, name: str) -> Told | None:
        """Return what the first drift event that speaks of a feature says of it."""
        features = (feature for alert in self.alerts for feature in alert["features"])
        return next((feature for feature in features if feature["name"] == name), None)

    def play(self, opened: Open, narrator: Narrator, serve: Callable[[int], str | None]) -> None:
        """Serve each minute when it is due, until every monitor has tested its last window.

        ``serve`` may return a sentence for the story. Raises DemoFailed when driftline does not come to the end.
        """
        served = 0
        started_s = time.monotonic()
        while any(self.tested_to_ms.get(name, 0) < self.time_ms(self.minutes) for name in opened.monitors):
            elapsed_s = time.monotonic() - started_s
            if elapsed_s > self.seconds + _FINISH_WITHIN_S:
                raise DemoFailed(f"driftline did not come to the end within {_FINISH_WITHIN_S} s")
            while served < self._due(elapsed_s):
                if sentence := serve(served):
                    narrator.say(f"{self.clock(served)}  {sentence}", "bold yellow")
                served += 1
            self._look(opened, narrator, served)
        # The last alert is committed with the last status, yet may be read after it.
        self._look(opened, narrator, served)

    def _due(self, elapsed_s: float) -> int:
        begun = int(elapsed_s / self.seconds * self.minutes)
        return begun if begun < self.minutes else self.minutes + _CLOSING_MINUTES

    def _look(self, opened: Open, narrator: Narrator, minute: int) -> None:
        seen = opened.stage.look(_LOOK_S)
        for status in seen.statuses:
            self.tested_to_ms[status["monitor"]] = status["window"]["end_ms"]
        for alert in seen.alerts:
            self.alerts.append(alert)
            narrator.alert(alert, f"{self.clock(minute)}  on the topic {opened.settings.topics.alerts}")
