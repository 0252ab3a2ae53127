"""One shift, two features: what the model leans on decides how bad it is.

python -m examples.house_prices.run
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from consumers.demo.surroundings import yesterday_ms
from consumers.tap import FileEvents, TapStats
from examples.hours import MINUTE_MS, Hours
from examples.house_prices.homes import FEATURES, draw_homes, prices
from examples.house_prices.model import PriceModel, save, train
from examples.house_prices.serve import Server, watched
from examples.place import Open, Place, performed, read_options

TRAINING = 5_000
PER_MINUTE = 10
# Minutes from the beginning: the day, and when a feature moves.
FIRST_HOUR, MINUTES = 6, 16 * 60
SHIFT_STD = 0.8
SHIFTS = {"photos_viewed": (2 * 60, 6 * 60), "living_area_m2": (9 * 60, 13 * 60)}
_CONFIG = Path(__file__).with_name("driftline.toml")
_SEED = 20_260_101


@dataclass(slots=True)
class Day:
    """What was asked and answered: the mean of each minute's ``answers``; ``stds`` are those of the training data."""

    server: Server
    hours: Hours
    stds: dict[str, float]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(_SEED))
    answers: list[float] = field(default_factory=list)

    def serve(self, minute: int) -> str | None:
        """Ask for the prices of a minute's homes; return what there is to tell."""
        moved = {name: SHIFT_STD * self.stds[name] for name in moving(minute)}
        homes = draw_homes(self.rng, PER_MINUTE, moved)
        self.answers.append(float(self.server.answer(homes, self.hours.times_ms(minute, PER_MINUTE)).mean()))
        for name, (begin, end) in SHIFTS.items():
            if minute == begin:
                return f"{name} moves up by {SHIFT_STD:g} standard deviations: {moved[name]:+.1f}"
            if minute == end:
                return f"{name} is as before again"
        return None

    def answered(self, first: int, last: int) -> float:
        """Return the mean answer of these minutes."""
        return float(np.mean(self.answers[first:last]))

    def summary(self, stats: TapStats) -> Iterator[str]:
        """Yield what happened, a line each."""
        quiet = self.answered(0, min(begin for begin, _ in SHIFTS.values()))
        for name, (begin, end) in SHIFTS.items():
            told = next(
                (feature for alert in self.hours.alerts for feature in alert["features"] if feature["name"] == name),
                None,
            )
            if told is not None:
                yield (
                    f"{name}: importance {told['importance']:.2f}, impact {told['impact']:.2f}: {told['severity']}. "
                    f"The model's mean answer went from {quiet:.0f} to {self.answered(begin, end):.0f}."
                )
        yield f"{stats.rows:,} requests, {stats.sent:,} events."


def moving(minute: int) -> list[str]:
    """Return the features that are moved in a minute."""
    return [name for name, (begin, end) in SHIFTS.items() if begin <= minute < end]


def day(place: Place) -> Day:
    """Play the day: train, find importance, fit the baseline, serve, and tell what driftline said."""
    place.narrator.say("One shift, two features: what the model leans on decides how bad it is.\n", "bold")
    # The model is small: more threads would only wait for each other.
    torch.set_num_threads(1)
    homes = draw_homes(np.random.default_rng(_SEED + 1), TRAINING)
    model = _trained(place, homes)
    _show(place, model, homes)
    data = ("--data", "training.jsonl", "--path", "features", "--target", "prediction")
    said = place.driftline("importance", "--model", "model.pt2", *data, "--out", "importance.json")
    place.narrator.say("".join(f"        {line}\n" for line in said.splitlines()), "cyan")
    fitted = ("--features", "features", "--importance", "importance.json")
    place.driftline("fit", "training.jsonl", *fitted, "--out", "baseline.json")
    with place.opened(_CONFIG) as opened:
        return _play(place, opened, model, dict(zip(FEATURES, homes.std(axis=0).tolist(), strict=True)))


def _trained(place: Place, homes: NDArray[np.float32]) -> PriceModel:
    with place.narrator.step(f"a regressor learns the prices of {TRAINING:,} homes, and is saved as model.pt2"):
        inputs = torch.from_numpy(homes)
        model = train(inputs, torch.from_numpy(prices(np.random.default_rng(_SEED + 2), homes)))
        save(model, inputs, place.folder / "model.pt2")
    return model


def _show(place: Place, model: PriceModel, homes: NDArray[np.float32]) -> None:
    target = FileEvents(place.folder / "training.jsonl")
    doing = "the tap writes training.jsonl: these homes and the model's answers"
    with place.narrator.step(doing), closing(watched(model, target)) as tap:
        Server(model, tap).answer(homes)
        tap.flush(60)


def _play(place: Place, opened: Open, model: PriceModel, stds: dict[str, float]) -> Day:
    hours = Hours(yesterday_ms() + FIRST_HOUR * 60 * MINUTE_MS, MINUTES, place.options.seconds)
    place.narrator.say(f"\nA day in {hours.seconds:.0f} seconds, {PER_MINUTE} requests a minute, tested every hour.\n")
    with closing(watched(model, opened.outlet)) as tap:
        playing = Day(Server(model, tap), hours, stds)
        hours.play(opened, place.narrator, playing.serve)
    place.narrator.chapter("What happened", list(playing.summary(tap.stats())))
    return playing


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the example from the command line."""
    return performed(read_options("Importance decides severity.", 30, arguments), day)


if __name__ == "__main__":
    sys.exit(main())
