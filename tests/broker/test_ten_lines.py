"""The page "Monitor a PyTorch model in ten lines", done as it is written."""

import copy
import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

PAGE = Path(__file__).parents[2] / "docs" / "pytorch.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = """
[monitor]
name = "house-prices"
[schedule]
every = "1m"
[events]
timestamp = "ts"
id = "id"
features = "features"
"""


def blocks(language: str) -> list[str]:
    """Return the page's code blocks in a language, in their order."""
    return [body for found, body in _BLOCK.findall(PAGE.read_text(encoding="utf-8")) if found == language]


def test_the_ten_lines_are_ten() -> None:
    """What the page's title promises is what its first block has."""
    assert len([line for line in blocks("python")[0].splitlines() if line]) <= 10


def test_ten_lines_of_the_page_monitor_a_model(
    make_topic: Callable[..., str],
    committed: Callable[..., list[Any]],
    command_line: Callable[..., Any],
    bootstrap_servers: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its blocks and commands, run one after the other: every row is an event, counted against the page's baseline."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 2)
    model.weight.data *= torch.tensor([0.1, 0.0001])
    rows = torch.randn(400, 2) * torch.tensor([10.0, 9_000.0]) + torch.tensor([40.0, 50_000.0])
    serving, training = blocks("python")[:2]
    loader = [(part, None) for part in rows.split(50)]
    exec(training, {"torch": torch, "model": copy.deepcopy(model), "training_loader": loader})
    topic = make_topic("ten-lines")
    (tmp_path / "driftline.toml").write_text(SETTINGS)
    driftline = command_line(tmp_path / "driftline.toml", topic)
    fit, run = (shlex.split(line)[2:] for line in blocks("console")[0].splitlines())
    assert (fit[0], run) == ("fit", ["run", "--config", "driftline.toml"])
    subprocess.run([sys.executable, "-m", "consumers.cli", *fit], env=driftline.environment, check=True)
    names: dict[str, Any] = {"torch": torch, "model": model}
    exec(serving.replace("localhost:9092", bootstrap_servers[0]).replace("inference-events", topic), names)
    # One every five seconds from now on, so that whole minutes pass.
    times_ms = [round(time.time() * 1000) + 5_000 * number for number in range(60)]
    with torch.inference_mode(), names["tap"].request(times=times_ms):
        model(rows[:60])
    assert names["tap"].close(60)
    record = committed(topic)[0]
    event = json.loads(record.value)
    assert record.key == event["id"].encode()
    assert event.keys() == json.loads(blocks("json")[0]).keys()
    assert event["features"].keys() == json.loads(blocks("json")[0])["features"].keys()
    driftline.run("run", "--burst")
    ledger = json.loads(driftline.run("status", "--json").stdout)["monitors"][0]["ledger"]
    assert (ledger["read"], ledger["counted"]) == (60, 60)
