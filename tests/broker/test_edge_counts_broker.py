"""Servers that count by themselves and report to a real Kafka: one is killed, and so is the judge."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines import save
from baselines.fitting import fit
from consumers.kafka_status import look
from consumers.settings import load_settings

START_MS, WITHIN_S = 1_700_000_000_000, 60
# Reads "FROM TO RATE MEAN": ask a model so many rows a second of event time, and say so when they are on the topic.
SERVER = """
import sys
import numpy as np
from consumers.tap import EdgeCounts, Tap
tap = Tap(EdgeCounts(sys.argv[1], report_s=0.5))
rng = np.random.default_rng(int(sys.argv[2]))
for line in sys.stdin:
    first, last, rate, mean = map(float, line.split())
    times = [int(1_700_000_000_000 + 1_000 * at) for at in np.arange(first, last, 1 / rate)]
    tap.record({"age": rng.normal(mean, 8, len(times)).round(3)}, times=times)
    print(len(times) if tap.flush(60) else "lost", flush=True)
"""


class Server:
    """A process that serves and counts."""

    def __init__(self, config: Path, environment: dict[str, str], seed: int) -> None:
        command = [sys.executable, "-c", SERVER, str(config), str(seed)]
        environment = environment | {"PYTHONPATH": str(Path(__file__).parents[2])}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, **pipes)
        self.rows = 0

    def serve(self, first_s: float, last_s: float, rate: float, mean: float = 40.0) -> None:
        """Ask the model, and wait until the rows are reported."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{first_s} {last_s} {rate} {mean}\n")
        self.process.stdin.flush()
        self.rows += int(self.process.stdout.readline())

    def end(self) -> None:
        """Let it stop by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(WITHIN_S) == 0

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait(WITHIN_S)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the configuration of a monitor of one feature, every ten seconds."""
    ages = np.random.default_rng(3).normal(40, 8, 2_000).round(3)
    (tmp_path / "training.csv").write_text("age\n" + "".join(f"{age}\n" for age in ages))
    save(fit([tmp_path / "training.csv"]), tmp_path / "baseline.json")
    schedule = '[schedule]\nevery = "10s"\nlateness = "1s"\nidle = "12h"\nmin_samples = 40'
    events = '[events]\ntimestamp = "ts"\nfeatures = "features"\n[decision]\npersist = "1 of 1"'
    (tmp_path / "driftline.toml").write_text(f'[monitor]\nname = "m"\n{schedule}\n{events}')
    return tmp_path / "driftline.toml"


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    """Yield what ends processes when the test is over."""
    with ExitStack() as stack:
        yield stack


def test_windows_go_on_without_a_server_that_was_killed_and_a_judge_that_was_changes_nothing(
    config: Path,
    make_topic: Callable[..., str],
    command_line: Callable[..., Any],
    committed: Callable[..., list[Any]],
    ending: ExitStack,
) -> None:
    """There is no topic of events. Every row that was reported counts once, and each drift event is published once."""
    name = make_topic("edge")
    driftline = command_line(config, name)
    driftline = replace(driftline, environment=driftline.environment | {"DRIFTLINE_TOPICS__EVENTS": ""})

    def judge() -> Any:
        process = driftline.start("run")
        ending.callback(process.communicate)
        ending.callback(process.kill)
        return process

    settings = load_settings(config, driftline.environment)

    def told(until_s: int) -> dict[str, Any]:
        """Return the status when the window that ends at this time is tested."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            statuses = look(settings).statuses
            if statuses and statuses[0]["window"]["end_ms"] == START_MS + until_s * 1_000:
                return dict(statuses[0])
            assert time.monotonic() < deadline, statuses
            time.sleep(0.2)

    first, environment = judge(), dict(os.environ) | driftline.environment
    stays, dies = (Server(config, environment, seed) for seed in (1, 2))
    ending.callback(stays.kill)
    stays.serve(0, 2, 50)
    dies.serve(0, 2, 50)
    stays.serve(2, 25, 50)
    dies.serve(2, 15, 50)
    status = told(10)
    assert (status["window"]["n"], status["taps"]["reporting"]) == (1_000, 2)
    shown = driftline.run("status").stdout.decode()
    assert "taps       2 report\n" in shown
    assert "driftline is healthy" in shown
    dies.kill()
    first.kill()
    first.communicate()
    judge()
    stays.serve(25, 45, 50, 60.0)
    # Nothing more comes, and the one that was killed has passed 14 s: only the end of its lease closes this window.
    assert told(40)["taps"]["reporting"] == 1
    stays.serve(45, 65, 50)
    stays.end()
    status = told(60)
    rows = stays.rows + dies.rows
    assert (status["ledger"]["read"], status["ledger"]["counted"], status["ledger"]["late"]) == (rows, rows, 0)
    assert status["taps"]["lost_reports"] == 0
    events = [json.loads(record.value) for record in committed(f"{name}.alerts")]
    assert [event["type"] for event in events] == ["drift.opened", "drift.resolved"]
