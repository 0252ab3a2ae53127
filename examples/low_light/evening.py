"""Seven hours of pictures: what the model is asked and answers, what labels say of it later, what came of it all."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from consumers.demo.stage import Told
from consumers.tap import TapStats
from examples.hours import Hours
from examples.low_light.labels import Labels
from examples.low_light.pictures import CLASSES, take_pictures
from examples.low_light.serve import Server
from stream.labelled import WRONG
from stream.words import number, percent

PER_MINUTE = 20
# Minutes from the beginning: how long it takes, when the light goes, and how much of it is left.
MINUTES = 7 * 60
DUSK, NIGHT, NIGHT_LIGHT = 3 * 60, 3 * 60 + 30, 0.42
# How much later than the picture its label comes.
LABELS_AFTER = 2 * 60
_TOLD_EVERY, _TOLD_FEATURES = 30, 3
_SEED = 20_260_101


@dataclass(slots=True)
class Evening:
    """What was asked and answered; by minute, ``right`` counts the right answers, ``shown`` is what pictures show.

    ``labels`` None: none ever come.
    """

    server: Server
    hours: Hours
    labels: Labels | None
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(_SEED))
    right: list[int] = field(default_factory=list)
    shown: list[list[str]] = field(default_factory=list)

    def serve(self, minute: int) -> str | None:
        """Take a minute's pictures, ask the model, send the labels of two hours ago; return what there is to tell."""
        pictures = take_pictures(self.rng, PER_MINUTE, light(minute))
        answers = self.server.answer(pictures, self.ids(minute), self.hours.times_ms(minute, PER_MINUTE))
        self.right.append(int((answers == pictures.labels).sum()))
        self.shown.append([CLASSES[label] for label in pictures.labels])
        if self.labels is not None and minute >= LABELS_AFTER:
            before = minute - LABELS_AFTER
            self.labels.send(self.ids(before), self.shown[before], self.hours.times_ms(minute, PER_MINUTE))
        return self.told(minute)

    def ids(self, minute: int) -> list[str]:
        """Return the ids of a minute's pictures."""
        return [f"picture-{minute}-{number}" for number in range(PER_MINUTE)]

    def told(self, minute: int) -> str | None:
        """Return what there is to tell at the beginning of a minute."""
        if minute == DUSK:
            return "the light begins to go"
        if minute == LABELS_AFTER and self.labels is not None:
            return "the first labels come, those of two hours ago"
        if minute % _TOLD_EVERY or not 0 < minute <= MINUTES:
            return None
        share = percent(self.accuracy(minute - _TOLD_EVERY, minute))
        secret = ", which nobody but this example knows yet" if minute == _TOLD_EVERY else ""
        return f"{share} of the last half hour's answers were right{secret}"

    def accuracy(self, first: int, last: int) -> float:
        """Return the share of right answers of these minutes."""
        return sum(self.right[first:last]) / (PER_MINUTE * (last - first))

    def opened(self) -> Told | None:
        """Return the drift event that opened first."""
        return next((alert for alert in self.hours.alerts if alert["type"] == "drift.opened"), None)

    def error_told(self) -> tuple[Told, Told] | None:
        """Return the first drift event that speaks of wrong answers, and what it says of their share."""
        for alert in self.hours.alerts:
            for moved in (moved for feature in alert["features"] for moved in feature["moved"]):
                if moved.get("category") == WRONG:
                    return alert, moved
        return None

    def summary(self, stats: TapStats) -> Iterator[str]:
        """Yield what happened, a line each."""
        yield f"{self.hours.clock(DUSK)}  the light begins to go; at {self.hours.clock(NIGHT)} it is dark"
        if (opened := self.opened()) is not None:
            numbers = [feature for feature in opened["features"] if feature["kind"] == "numeric"]
            moves = ", ".join(_move(feature) for feature in numbers[:_TOLD_FEATURES])
            yield f"{self._when(opened)}: {moves}"
        if (told := self.error_told()) is not None:
            alert, moved = told
            shares = f"{percent(moved['reference_share'])} -> {percent(moved['share'])}"
            yield f"{self._when(alert)}: wrong answers {_way(moved['reference_share'], moved['share'])} ({shares})"
        if self.labels is None:
            yield "Labels are joined over a broker only: without one, the early signs are all there is."
        day, night = self.accuracy(0, DUSK), self.accuracy(NIGHT, MINUTES)
        yield f"{percent(day)} of the answers are right by day, {percent(night)} in the dark."
        yield f"{stats.rows:,} pictures, {stats.sent:,} events."

    def _when(self, alert: Told) -> str:
        return f"{self.hours.clock_of(alert['window']['end_ms'])}  the monitor {alert['monitor']}"


def light(minute: int) -> float:
    """Return how much light there is, 1 by day."""
    return float(np.interp(minute, [DUSK, NIGHT], [1.0, NIGHT_LIGHT]))


def _move(feature: Told) -> str:
    before, now = feature["reference"]["mean"], feature["production"]["mean"]
    return f"{feature['name']} {_way(before, now)} ({number(before)} -> {number(now)})"


def _way(before: float, now: float) -> str:
    return "rose" if now > before else "fell"
