"""One pass over a real stream with several settings, held against a replay of each by itself."""

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from consumers.cli import app

TRIES = ("strict:persist=3 of 4,ks=0.3", "wide:window=400s,checks=[ks,mean,missing]")
TABLES = (
    'decision = {persist = "3 of 4"}\nthresholds = {ks = 0.3}\n',
    'decision = {checks = ["ks", "mean", "missing"]}\n',
)


def lines(*arguments: object) -> list[dict[str, object]]:
    """Run `driftline replay` and return the drift events that it writes."""
    result = CliRunner().invoke(app, ["replay", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_three_variants_in_one_pass_are_three_replays(
    data_dir: Path, real_monitor: Callable[..., Path], tmp_path: Path
) -> None:
    """Insects with an exact change: the events of each variant are, event for event, those of its own replay."""
    config, stream = real_monitor("abrupt_insects"), data_dir / "abrupt_insects" / "stream.jsonl.gz"
    text, together = config.read_text(), tmp_path / "events"
    strict, wide = config.with_name("strict.toml"), config.with_name("wide.toml")
    strict.write_text(TABLES[0] + text)
    wide.write_text(TABLES[1] + text.replace("200s", "400s"))
    tries = [part for text in TRIES for part in ("--try", text)]
    arguments = ["replay", "--config", str(config), str(stream), *tries, "--events", str(together)]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    told = [json.loads(line) for line in together.read_text().splitlines()]
    for name, own in (("configured", config), ("strict", strict), ("wide", wide)):
        mine = [{key: value for key, value in event.items() if key != "variant"} for event in told
                if event["variant"] == name]  # fmt: skip
        assert mine == lines("--config", own, stream)
        assert [event["type"] for event in mine if event["type"] != "drift.changed"] == [
            "drift.opened",
            "drift.resolved",
        ]
