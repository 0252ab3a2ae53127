"""`driftline check` on a file: each thing that would go wrong is told once, with what to change."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from baselines import save
from baselines.fitting import fit
from consumers.assembly import Assembly, assemble
from consumers.cli import app
from consumers.onboarding.sample import Sample
from consumers.preflight.check import check_log, event_lines
from consumers.preflight.labels import label_lines
from consumers.preflight.line import Line
from consumers.raw import RawBatch
from consumers.settings import load_settings
from consumers.source import LogRefused, LogUnavailable

START_MS, N, HOUR_MS = 1_767_225_600_000, 900, 3_600_000
Row = dict[str, Any]


def rows(seed: int) -> list[Row]:
    """Return rows of two numeric and one categorical feature."""
    random = np.random.default_rng(seed)
    devices = random.choice(["desktop", "mobile", "tablet"], N, p=[0.5, 0.4, 0.1])
    numbers = zip(random.normal(40, 8, N), random.gamma(9, 3, N), devices, strict=True)
    return [{"age": age, "minutes": minutes, "device": str(device)} for age, minutes, device in numbers]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the configuration of a monitor of these rows, windows of 10 minutes."""
    training = tmp_path / "training.jsonl"
    training.write_text("".join(json.dumps(row) + "\n" for row in rows(1)))
    save(fit([training]), tmp_path / "baseline.json")
    path = tmp_path / "driftline.toml"
    path.write_text(
        '[monitor]\nname = "m"\n[schedule]\nevery = "10m"\n[events]\ntimestamp = "ts"\nid = "id"\nfeatures = "f"\n'
    )
    return path


def event(i: int, row: Row) -> Row:
    """Return an event, a second after the one before."""
    return {"ts": START_MS + 1000 * i, "id": f"e{i}", "f": row}


def check(config: Path, change: Callable[[int, Row], Any] = event) -> tuple[int, list[dict[str, str]]]:
    """Return the exit code, and all that is not ok, of events that are changed so."""
    sample = config.parent / "sample.jsonl"
    values = [change(i, row) for i, row in enumerate(rows(2))]
    lines = [value if isinstance(value, bytes) else json.dumps(value).encode() for value in values]
    sample.write_bytes(b"\n".join(lines) + b"\n")
    result = CliRunner().invoke(app, ["check", "--config", str(config), "--sample", str(sample), "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    told = json.loads(result.stdout)
    assert told["ok"] == (result.exit_code == 0)
    return result.exit_code, [line for line in told["checks"] if line["level"] != "ok" and line["about"] != "budget"]


def only(found: tuple[int, list[dict[str, str]]]) -> dict[str, str]:
    """Return the one thing that was found."""
    (line,) = found[1]
    assert found[0] == (1 if line["level"] == "problem" else 0)
    return line


def test_good_events_have_nothing_to_tell(config: Path) -> None:
    """Events like the training data, in time and enough of them: exit 0, and no warning."""
    assert check(config) == (0, [])


@pytest.mark.parametrize(
    ("change", "level", "about", "says"),
    [
        (lambda i, r: event(i, {**r, "minutes": 60 * r["minutes"]}), "problem", "minutes", "60 times as large"),
        (lambda i, r: event(i, {**r, "minutes": 1000 * r["minutes"]}), "problem", "minutes", "1000 times as large"),
        (lambda i, r: event(i, {**r, "minutes": r["minutes"] / 100}), "problem", "minutes", "1/100 as large"),
        (lambda i, r: event(i, {**r, "age": str(r["age"])}), "problem", "age", "100 % of the events have text"),
        (lambda i, r: event(i, {**r, "age": None if i % 2 else r["age"]}), "warning", "age", "missing in 50 %"),
        (lambda i, r: event(i, {**r, "device": r["device"].upper()}), "problem", "device", "MOBILE"),
        (lambda i, r: event(i, {**r, "device": [1]}), "problem", "device", "an object or a list"),
        (lambda i, r: event(i, {**r, "age": r["age"] + 200}), "warning", "age", "looks unlike training"),
        (lambda i, r: b"\xff{" if i % 10 == 0 else event(i, r), "problem", "events", "10 % are rejected as not_utf8"),
        (lambda i, r: b"{" if i % 100 == 0 else event(i, r), "warning", "events", "rejected as bad_json"),
        (lambda i, r: event(i - 90 * (i % 20 == 0), r), "warning", "time", "are late by more than lateness = 30s"),
        (lambda i, r: event(20 * i, r), "problem", "pace", "windows will be insufficient"),
        (lambda i, r: event(3 * i, r), "warning", "pace", "quiet hours"),
    ],
)
def test_each_fault_is_told_once(
    config: Path, change: Callable[[int, Row], Any], level: str, about: str, says: str
) -> None:
    """One fault in the events is one line, with its level, its name, and something to do about it."""
    line = only(check(config, change))
    assert (line["level"], line["about"]) == (level, about)
    assert says in line["says"]
    assert line["change"]


def test_a_feature_with_another_name_is_named_beside_the_lost_one(config: Path) -> None:
    """What is in no event is a problem; the name that is there instead, and in no baseline, is the hint."""
    line = only(check(config, lambda i, r: event(i, {("Age" if k == "age" else k): v for k, v in r.items()})))
    assert (line["level"], line["about"]) == ("problem", "age")
    assert '"Age" is there' in line["says"]


def test_paths_that_lead_nowhere_are_told_with_the_keys(config: Path) -> None:
    """Events without features where the settings say: nothing would be counted, and [events] is to blame."""
    code, found = check(config, lambda i, r: {"ts": START_MS + i, "features": r})
    assert code == 1
    assert [line["level"] for line in found] == ["problem", "problem"]
    assert "0 of 900 events would be counted" in found[0]["says"]
    assert 'events.features = "f"' in found[1]["change"]


def test_a_missing_baseline_is_a_problem_and_no_traceback(config: Path) -> None:
    """It is said with what makes one."""
    (config.parent / "baseline.json").unlink()
    line = only(check(config))
    assert (line["about"], "driftline fit" in line["change"]) == ("baseline", True)


def test_segments_with_too_few_rows_are_named(config: Path) -> None:
    """One segment of ten has a twentieth of the rows: it will never be tested, and is named."""
    config.write_text(config.read_text() + 'segment = ["country"]\n')
    line = only(check(config, lambda i, r: {**event(i, r), "country": "LU" if i % 20 == 0 else "DE"}))
    assert (line["level"], line["about"]) == ("warning", "segments")
    assert "LU" in line["says"]


def lines_of(config: Path, skew_ms: int, now_ms: int = START_MS + 1000 * N) -> list[Line]:
    """Return what is said of a topic whose records were written so long after their events."""
    assembly: Assembly = assemble(load_settings(config, {}))
    values = [json.dumps(event(i, row)).encode() for i, row in enumerate(rows(2))]
    stamps = [START_MS + 1000 * i + skew_ms for i in range(N)]
    sample = Sample("events", [RawBatch("events", 0, range(N), values, stamps)], of_topic=True)
    return [line for line in event_lines(assembly, sample, now_ms) if line.about in ("time", "events")]


def test_clocks_are_held_against_the_log(config: Path) -> None:
    """A few seconds are fine; whole hours are a time zone, days are recorded events, too far ahead is not counted."""
    assert all(line.level == "ok" for line in lines_of(config, 1500))
    (zone,) = [line for line in lines_of(config, 2 * HOUR_MS) if line.level != "ok"]
    assert "2 h behind their records: a time zone" in zone.says
    (recorded,) = [line for line in lines_of(config, 90 * HOUR_MS) if line.level != "ok"]
    assert "recorded" in recorded.says
    ahead = [line for line in lines_of(config, -3 * HOUR_MS) if line.level == "problem"]
    assert any("ahead of their record" in line.says for line in ahead)


def test_a_silent_topic_is_told(config: Path) -> None:
    """The newest event is far older than a window: the last windows wait."""
    (silent,) = [line for line in lines_of(config, 0, START_MS + 50 * HOUR_MS) if line.level != "ok"]
    assert "2 d old" in silent.says


def test_people_get_a_line_each_and_what_to_change(config: Path) -> None:
    """Without --json: level, subject and sentence, the remedy below; the count is on standard error."""
    (config.parent / "baseline.json").unlink()
    sample = config.parent / "s.jsonl"
    sample.write_text("{}\n")
    result = CliRunner().invoke(app, ["check", "--config", str(config), "--sample", str(sample)])
    assert result.exit_code == 1
    assert result.stdout.startswith("PROBLEM  baseline: ")
    assert "\n         -> fit it" in result.stdout
    assert result.stderr == "1 problem\n"


def test_a_broker_that_is_away_or_refuses_is_a_problem(config: Path) -> None:
    """What the baseline says stands; the rest is the address with what to do about it."""

    def failing(error: Exception) -> Iterator[Line]:
        yield from ()
        raise error

    for error, about in ((LogUnavailable("nobody answers"), "broker"), (LogRefused("not authorized"), "rights")):
        settings = load_settings(config, {})
        first, last = check_log(settings, failing(error), lambda topic: Sample(topic, []), START_MS)
        assert (first.level, first.about) == ("ok", "baseline")
        assert (last.level, last.about) == ("problem", about)
        assert f"localhost:9092: {error}" in last.says


def test_an_empty_topic_is_a_problem(config: Path) -> None:
    """There is nothing to look at, and that is said."""
    *_, last = check_log(load_settings(config, {}), iter(()), lambda topic: Sample(topic, [], of_topic=True), START_MS)
    assert (last.level, last.about) == ("problem", "events")


def test_labels_are_looked_at_where_they_are_configured(config: Path) -> None:
    """Labels without an id where the settings say are a problem; all in place, there is none."""
    config.write_text(config.read_text() + '[labels]\nbaseline = "baseline.json"\ntask = "classification"\n')
    settings = load_settings(config, {})

    def sampling(values: list[bytes]) -> Callable[[str], Sample]:
        return lambda topic: Sample(topic, [RawBatch(topic, 0, range(len(values)), values)], of_topic=True)

    good = b'{"id": "e1", "label": 1}'
    assert {line.level for line in label_lines(settings, sampling([good] * 9))} == {"ok"}
    bad, *_ = label_lines(settings, sampling([good, b'{"key": "e2", "label": 0}', b"{"]))
    assert (bad.level, '"id"' in bad.says) == ("problem", True)
