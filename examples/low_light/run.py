"""The light goes out: a model of pictures that nobody told about the evening, and driftline watching it.

Play it with ``python -m examples.low_light.run``.
"""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import orjson
import torch
from torch import nn

from consumers.demo.surroundings import yesterday_ms
from consumers.tap import FileEvents
from examples.hours import MINUTE_MS, Hours
from examples.low_light.evening import MINUTES, PER_MINUTE, Evening
from examples.low_light.labels import Labels
from examples.low_light.model import train
from examples.low_light.pictures import CLASSES, take_pictures
from examples.low_light.serve import Server, watched
from examples.place import Open, Place, performed, read_options
from stream.words import percent

TRAINING, HELD_OUT = 3_000, 3_000
FIRST_HOUR = 16
_CONFIG = Path(__file__).with_name("driftline.toml")
_SEED = 20_260_101


def evening(place: Place) -> Evening:
    """Play the evening: train, fit the baselines, serve, and tell what driftline said."""
    place.narrator.say("The light goes out: a model of discs and crosses, trained by daylight.\n", "bold")
    # The model is small: more threads would only wait for each other.
    torch.set_num_threads(1)
    model = _trained(place)
    _show_held_out(place, model)
    fitted = ("fit", "held_out.jsonl", "--features", "features", "--categorical", "prediction")
    place.driftline(*fitted, "--out", "baseline.json")
    labelled = ("--labelled", "--task", "classification", "--prediction", "features.prediction")
    place.driftline(*fitted, *labelled, "--out", "labelled.json")
    with place.opened(_CONFIG) as opened:
        return _play(place, opened, model)


def _trained(place: Place) -> nn.Module:
    with place.narrator.step(f"a small CNN learns from {TRAINING:,} pictures taken by day"):
        return train(take_pictures(np.random.default_rng(_SEED + 1), TRAINING))


def _show_held_out(place: Place, model: nn.Module) -> None:
    """Show the model pictures that it has not learned from: of those it is surer than it will ever be again."""
    with place.narrator.step(f"the tap writes held_out.jsonl: {HELD_OUT:,} further pictures,") as came_of:
        pictures = take_pictures(np.random.default_rng(_SEED + 2), HELD_OUT)
        tapped, target = place.folder / "tapped.jsonl", place.folder / "held_out.jsonl"
        with closing(watched(model, FileEvents(tapped))) as tap:
            answers = Server(model, tap).answer(pictures)
            tap.flush(60)
        rows = zip(tapped.read_bytes().splitlines(), pictures.labels, strict=True)
        labelled = (orjson.loads(line) | {"label": CLASSES[label]} for line, label in rows)
        target.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in labelled))
        came_of.append(f"{percent((answers == pictures.labels).mean())} told right")


def _play(place: Place, opened: Open, model: nn.Module) -> Evening:
    hours = Hours(yesterday_ms() + FIRST_HOUR * 60 * MINUTE_MS, MINUTES, place.options.seconds)
    place.narrator.say(f"\nSeven hours in {hours.seconds:.0f} seconds, {PER_MINUTE} pictures a minute.\n")
    labels = None if opened.producer is None else Labels(opened.producer, opened.settings.topics.labels)
    with closing(watched(model, opened.outlet)) as tap:
        playing = Evening(Server(model, tap), hours, labels)
        hours.play(opened, place.narrator, playing.serve)
    place.narrator.chapter("What happened", list(playing.summary(tap.stats())))
    return playing


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the example from the command line."""
    return performed(read_options("The light goes out.", 60, arguments), evening)


if __name__ == "__main__":
    sys.exit(main())
