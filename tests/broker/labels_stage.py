"""A classifier's events and their labels over a broker: the configuration, the traffic, and what must come of it."""

import csv
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines import save
from baselines.fitting import fit
from stream.labelled import labelled_features

PARTITIONS = 4
START_MS, EVERY_MS, PER_PANE = 1_700_000_000_000, 10_000, 240


@dataclass(frozen=True)
class Pair:
    """An event and its label, None where it never comes, on their partition."""

    partition: int
    event: bytes
    label: bytes | None

    @property
    def id(self) -> str:
        """Return the id of both."""
        return str(json.loads(self.event)["id"])


def pairs(panes: int, wrong_from: int) -> list[Pair]:
    """Return the traffic of a model that errs in a tenth of cases, from a pane on in six; every ninth has no label."""
    rng, made = random.Random(5), []
    for number in range(panes * PER_PANE):
        truth = rng.choice(["cat", "dog"])
        wrong = rng.random() < (0.6 if number // PER_PANE >= wrong_from else 0.1)
        answer = {"cat": "dog", "dog": "cat"}[truth] if wrong else truth
        at_ms = START_MS + number * EVERY_MS // PER_PANE
        features = {"age": round(rng.gauss(40, 8), 3), "device": rng.choice(["mobile", "desktop"])}
        event = {"ts": at_ms, "id": f"e{number}", "features": features, "prediction": answer}
        label = {"id": f"e{number}", "label": truth, "ts": at_ms + 3_000}
        body = json.dumps(label).encode() if number % 9 else None
        made.append(Pair(number % PARTITIONS, json.dumps(event).encode(), body))
    return made


def write_monitor(folder: Path) -> Path:
    """Write a configuration with [labels] and the two baselines that it names, fitted from traffic of that kind."""
    training = [(json.loads(pair.event), json.loads(pair.label)) for pair in pairs(12, 99) if pair.label]
    _fit(folder, "baseline", [event["features"] for event, _ in training])
    _fit(folder, "labelled", [_features(event, label) for event, label in training])
    config = folder / "driftline.toml"
    config.write_text(
        """[monitor]
name = "m"
[schedule]
every = "10s"
lateness = "1s"
idle = "12h"
[events]
timestamp = "ts"
id = "id"
features = "features"
[labels]
baseline = "labelled.json"
task = "classification"
timestamp = "ts"
early = "1s"
"""
    )
    return config


@dataclass(frozen=True)
class Half:
    """A request or a response, as KServe's inference logger writes it."""

    partition: int
    at_ms: int
    headers: list[tuple[str, bytes]]
    value: bytes


def halves(panes: int, moved_from: int) -> Iterator[Half]:
    """Yield requests, each with its response behind it; from a pane on, the answers to like questions are larger."""
    rng = random.Random(3)
    for number in range(panes * PER_PANE):
        at_ms, age = START_MS + number * EVERY_MS // PER_PANE, round(rng.gauss(40, 8), 3)
        moved = 4.0 if number // PER_PANE >= moved_from else 0.0
        answer = round(age / 10 + rng.gauss(moved, 1), 3)
        for kind, body in (("request", {"instances": [[age]]}), ("response", {"predictions": [answer]})):
            attributes = {
                "specversion": "1.0", "id": f"r{number}", "source": "http://localhost:9081/",
                "type": f"org.kubeflow.serving.inference.{kind}", "content-type": "application/json",
            }  # fmt: skip
            headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
            yield Half(number % 2, at_ms, headers, json.dumps(body).encode())


def write_logged(folder: Path, topic: str) -> Path:
    """Write a configuration of both halves on one topic, and the baselines of the questions and of the pairs."""
    logged = [json.loads(half.value) for half in halves(12, 99)]
    rows = [
        {"age": asked["instances"][0][0], "prediction": answered["predictions"][0]}
        for asked, answered in zip(logged[::2], logged[1::2], strict=True)
    ]
    _fit(folder, "baseline", [{"age": row["age"]} for row in rows])
    _fit(folder, "pairs", rows)
    config = folder / "driftline.toml"
    config.write_text(
        f"""[monitor]
name = "m"
[schedule]
every = "10s"
lateness = "1s"
idle = "12h"
[events]
format = "auto"
id = "@id"
[labels]
baseline = "pairs.json"
task = "response"
id = "@id"
early = "1s"
[decision]
persist = "1 of 1"
[topics]
labels = "{topic}"
"""
    )
    return config


def recount(made: list[Pair]) -> Counter[str]:
    """Return the ids that must be labelled, once each."""
    return Counter(pair.id for pair in made if pair.label is not None)


def _features(event: dict[str, Any], label: dict[str, Any]) -> dict[str, Any]:
    features = labelled_features("classification", event["features"], event["prediction"], label["label"])
    assert isinstance(features, dict)
    return features


def _fit(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    save(fit([path]), folder / f"{name}.json")
