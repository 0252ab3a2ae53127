"""From a tap inside serving code through a real Kafka to counted events and a drift event."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines import save
from baselines.fitting import FitOptions, fit
from consumers.tap import FileEvents, KafkaEvents, Tap

START_MS, STEP_MS = 1_700_000_000_000, 100


def serve(tap: Tap, seed: int, batches: int, start_ms: int, shift: float = 0.0) -> None:
    """Ask a model of two features, 20 rows at a time; ``shift`` moves the ages by so many standard deviations."""
    rng = np.random.default_rng(seed)
    for number in range(batches):
        ages = rng.normal(40 + 10 * shift, 10, 20).astype(np.float32)
        matrix = np.stack([ages, rng.normal(5, 1, 20).astype(np.float32)], axis=1)
        times = start_ms + STEP_MS * (20 * number + np.arange(20))
        # The model: older people get the second class.
        tap.record(matrix, np.stack([50 - ages, ages - 50], axis=1) / 10, times=times)
    assert tap.flush(120)


def test_what_a_tap_sees_is_counted_and_judged(
    make_topic: Callable[..., str],
    committed: Callable[..., list[Any]],
    command_line: Callable[..., Any],
    bootstrap_servers: list[str],
    tmp_path: Path,
) -> None:
    """A baseline from the tap's own file; then every row is counted, and the move is named in input and answers."""
    options: dict[str, Any] = {"features": ["age", "rooms"]}
    training = Tap(FileEvents(tmp_path / "training.jsonl"), **options)
    serve(training, 1, 100, START_MS)
    assert training.close(60)
    fitted = FitOptions(features="features", categorical=frozenset({"prediction"}))
    save(fit([tmp_path / "training.jsonl"], fitted), tmp_path / "baseline.json")
    config = tmp_path / "driftline.toml"
    config.write_text(
        '[monitor]\nname = "tapped"\n[schedule]\nevery = "50s"\nlateness = "1s"\n'
        '[events]\ntimestamp = "ts"\nid = "id"\nfeatures = "features"\n[decision]\npersist = "1 of 1"\n'
    )
    topic = make_topic("tapped", partitions=2)
    tap = Tap(KafkaEvents(bootstrap_servers, topic), **options)
    serve(tap, 2, 100, START_MS)
    serve(tap, 3, 60, START_MS + 200_000, shift=1.0)
    assert tap.close(120)
    stats = tap.stats()
    assert (stats.rows, stats.sent, dict(stats.dropped)) == (3_200, 3_200, {})
    driftline = command_line(config, topic)
    driftline.run("run", "--burst")
    ledger = json.loads(driftline.run("status", "--json").stdout)["monitors"][0]["ledger"]
    assert (ledger["read"], ledger["counted"]) == (3_200, 3_200)
    opened = next(json.loads(record.value) for record in committed(f"{topic}.alerts"))
    assert opened["type"] == "drift.opened"
    assert opened["window"]["start_ms"] >= START_MS + 200_000
    assert {"age", "prediction"} <= {feature["name"] for feature in opened["features"]}
    assert "rooms" not in {feature["name"] for feature in opened["features"]}


SERVER = """
import os, sys
from consumers.tap import KafkaEvents, Tap
tap = Tap(KafkaEvents(sys.argv[1].split(","), sys.argv[2]))
def serve(who):
    for number in range(300):
        tap.record({"who": [who] * 2, "x": [number, number]})
serve("before")
assert tap.flush(120)
child = os.fork() if sys.argv[3] == "fork" else None
serve("child" if child == 0 else "parent")
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.parametrize("way", ["alone", "fork"])
def test_a_server_that_ends_has_sent_everything(
    way: str, make_topic: Callable[..., str], committed: Callable[..., list[Any]], bootstrap_servers: list[str]
) -> None:
    """Nobody flushes: what was recorded is on the topic once, of a forked child and of its parent, too."""
    topic = make_topic("ending")
    command = [sys.executable, "-c", SERVER, ",".join(bootstrap_servers), topic, way]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    features = [json.loads(record.value)["features"] for record in committed(topic)]
    found = sorted((event["who"], event["x"]) for event in features)
    who = ["before", "child", "parent"] if way == "fork" else ["before", "parent"]
    assert found == [(name, number) for name in who for number in range(300) for _ in range(2)]
