"""The light goes out: a model of pictures that nobody told about the evening, and driftline watching it.

Play it with ``python -m examples.low_light.run``.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from consumers.demo.surroundings import yesterday_ms
from consumers.tap import FileEvents, TapStats
from examples.hours import MINUTE_MS, Hours
from examples.low_light.model import train
from examples.low_light.pictures import take_pictures
from examples.low_light.serve import Server, watched
from examples.place import Open, Place, performed, read_options
from stream.words import number, percent

TRAINING, HELD_OUT = 3_000, 3_000
PER_MINUTE = 20
# Minutes from the beginning: the evening, and when its light goes.
FIRST_HOUR, MINUTES = 16, 6 * 60
DUSK, NIGHT, NIGHT_LIGHT = 3 * 60, 3 * 60 + 30, 0.42
_CONFIG = Path(__file__).with_name("driftline.toml")
_TOLD_EVERY, _TOLD_FEATURES = 30, 3
_SEED = 20_260_101


@dataclass(slots=True)
class Evening:
    """What was asked and answered; ``right`` counts the right answers of each minute."""

    server: Server
    hours: Hours
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(_SEED))
    right: list[int] = field(default_factory=list)

    def serve(self, minute: int) -> str | None:
        """Take a minute's pictures and ask the model; return what there is to tell."""
        pictures = take_pictures(self.rng, PER_MINUTE, light(minute))
        times_ms = self.hours.times_ms(minute, PER_MINUTE)
        answers = self.server.answer(pictures, [f"picture-{time_ms}" for time_ms in times_ms], times_ms)
        self.right.append(int((answers == pictures.labels).sum()))
        if minute == DUSK:
            return "the light begins to go"
        if minute % _TOLD_EVERY == 0 and 0 < minute <= MINUTES:
            share = percent(self.accuracy(minute - _TOLD_EVERY, minute))
            secret = ", which nobody but this example knows yet" if minute == _TOLD_EVERY else ""
            return f"{share} of the last half hour's answers were right{secret}"
        return None

    def accuracy(self, first: int, last: int) -> float:
        """Return the share of right answers of these minutes."""
        return sum(self.right[first:last]) / (PER_MINUTE * (last - first))

    def summary(self, stats: TapStats) -> Iterator[str]:
        """Yield what happened, a line each."""
        yield f"{self.hours.clock(DUSK)}  the light begins to go; at {self.hours.clock(NIGHT)} it is dark"
        opened = next((alert for alert in self.hours.alerts if alert["type"] == "drift.opened"), None)
        if opened is not None:
            named = (feature for feature in opened["features"] if feature["kind"] == "numeric")
            moves = [move(feature) for feature, _ in zip(named, range(_TOLD_FEATURES), strict=False)]
            yield f"{self.hours.clock_of(opened['window']['end_ms'])}  driftline: {', '.join(moves)}"
        day, night = self.accuracy(0, DUSK), self.accuracy(NIGHT, MINUTES)
        yield f"{percent(day)} of the answers are right by day, {percent(night)} in the dark."
        yield f"{stats.rows:,} pictures, {stats.sent:,} events."


def light(minute: int) -> float:
    """Return how much light there is, 1 by day."""
    return float(np.interp(minute, [DUSK, NIGHT], [1.0, NIGHT_LIGHT]))


def move(feature: dict) -> str:
    """Say how a numeric feature of a drift event moved."""
    before, after = feature["reference"]["mean"], feature["production"]["mean"]
    return f"{feature['name']} {'rose' if after > before else 'fell'} ({number(before)} -> {number(after)})"


def evening(place: Place) -> Evening:
    """Play the evening: train, fit the baseline, serve, and tell what driftline said."""
    place.narrator.say("The light goes out: a model of discs and crosses, trained by daylight.\n", "bold")
    # The model is small: more threads would only wait for each other.
    torch.set_num_threads(1)
    model = _trained(place)
    _show_held_out(place, model)
    fitted = ("--features", "features", "--categorical", "prediction")
    place.driftline("fit", "training.jsonl", *fitted, "--out", "baseline.json")
    with place.opened(_CONFIG) as opened:
        return _play(place, opened, model)


def _trained(place: Place) -> nn.Module:
    with place.narrator.step(f"a small CNN learns from {TRAINING:,} pictures taken by day"):
        return train(take_pictures(np.random.default_rng(_SEED + 1), TRAINING))


def _show_held_out(place: Place, model: nn.Module) -> None:
    """Show the model pictures that it has not learned from: of those it is surer than it will ever be again."""
    with place.narrator.step(f"the tap writes training.jsonl: {HELD_OUT:,} further pictures,") as came_of:
        pictures = take_pictures(np.random.default_rng(_SEED + 2), HELD_OUT)
        with closing(watched(model, FileEvents(place.folder / "training.jsonl"))) as tap:
            answers = Server(model, tap).answer(pictures)
            tap.flush(60)
        came_of.append(f"{percent((answers == pictures.labels).mean())} told right")


def _play(place: Place, opened: Open, model: nn.Module) -> Evening:
    hours = Hours(yesterday_ms() + FIRST_HOUR * 60 * MINUTE_MS, MINUTES, place.options.seconds)
    place.narrator.say(f"\nSix hours in {hours.seconds:.0f} seconds, {PER_MINUTE} pictures a minute.\n")
    with closing(watched(model, opened.outlet)) as tap:
        playing = Evening(Server(model, tap), hours)
        hours.play(opened, place.narrator, playing.serve)
    place.narrator.chapter("What happened", list(playing.summary(tap.stats())))
    return playing


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the example from the command line."""
    return performed(read_options("The light goes out.", 45, arguments), evening)


if __name__ == "__main__":
    sys.exit(main())
