"""`driftline init` on events of every shape: what it finds, and that the written file works as it is."""

import gzip
import io
import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from consumers.cli import app
from consumers.onboarding.proposal import propose
from consumers.onboarding.sample import Sample
from consumers.onboarding.text import formats_words
from consumers.raw import RawBatch

START_S, ROWS = 1_767_225_600, 400
Event = Callable[[int, dict[str, Any]], dict[str, Any]]


def iso(i: int) -> str:
    """Return the time of an event as ISO 8601 has it."""
    return (datetime.fromtimestamp(START_S, UTC) + timedelta(seconds=i)).isoformat()


def enveloped(i: int, f: dict[str, Any]) -> dict[str, Any]:
    """Return a CloudEvent in its structured mode."""
    return {"specversion": "1.0", "type": "t", "source": "s", "id": f"x{i}", "time": iso(i), "data": f}


def tensors(i: int, f: dict[str, Any]) -> dict[str, Any]:
    """Return a request of the Open Inference Protocol, a tensor a feature."""
    inputs = [{"name": name, "shape": [1], "datatype": "FP64", "data": [f[name]]} for name in ("age", "income")]
    return {"id": f"r{i}", "ts": START_S + i, "inputs": inputs}


SHAPES: Mapping[str, tuple[Event, dict[str, Any]]] = {
    "features beside time and id": (
        lambda i, f: {"ts": (START_S + i) * 1000, "id": f"e{i}", "features": f},
        {"timestamp": "ts", "timestamp_unit": "ms", "id": "id", "features": "features"},
    ),
    "the event itself": (
        lambda i, f: {"event_id": f"e{i}", "created_at": iso(i), **f},
        {"timestamp": "created_at", "timestamp_unit": "iso", "id": "event_id", "features": ""},
    ),
    "deep, beside other objects": (
        lambda i, f: {
            "payload": {"request": {"inputs": f}, "meta": {"host": "a", "pod": "b", "zone": "c", "node": "d"}},
            "time": START_S + i + 0.5,
        },
        {"timestamp": "time", "timestamp_unit": "s", "features": "payload.request.inputs"},
    ),
    "pairs of name and value": (
        lambda i, f: {"ts": (START_S + i) * 10**6, "features": [{"name": k, "value": v} for k, v in f.items()]},
        {"timestamp": "ts", "timestamp_unit": "us", "features": "features"},
    ),
    "columns": (
        lambda i, f: {"ts": (START_S + i) * 10**9, "rows": {name: [value, value] for name, value in f.items()}},
        {"timestamp": "ts", "timestamp_unit": "ns", "features": "rows"},
    ),
    "dataframe_split": (
        lambda i, f: {"ts": START_S + i, "dataframe_split": {"columns": list(f), "data": [list(f.values())] * 2}},
        {"timestamp": "ts", "timestamp_unit": "s", "features": ""},
    ),
    "KServe, objects": (
        lambda i, f: {"ts": START_S + i, "instances": [f, f, f]},
        {"timestamp": "ts", "timestamp_unit": "s", "features": ""},
    ),
    "KServe, rows without names": (
        lambda i, f: {"ts": START_S + i, "instances": [[f["age"], f["income"]]] * 3},
        {"timestamp": "ts", "timestamp_unit": "s", "features": ""},
    ),
    "tensors": (tensors, {"timestamp": "ts", "timestamp_unit": "s", "id": "id", "features": ""}),
    "Seldon": (
        lambda i, f: {"ts": START_S + i, "data": {"names": list(f), "ndarray": [list(f.values())]}},
        {"timestamp": "ts", "timestamp_unit": "s", "features": ""},
    ),
    "CloudEvents": (enveloped, {"timestamp": "@time", "timestamp_unit": "iso", "id": "@id", "features": ""}),
}


# What features are called where that is not by the names of the rows.
NAMES = {"KServe, rows without names": ["f1", "f2"], "tensors": ["age", "income"]}


def write_events(path: Path, event: Event) -> Path:
    """Write events of a shape, a line each."""
    random = np.random.default_rng(7)
    rows = [
        {
            "age": round(random.normal(40, 10), 1),
            "income": round(random.lognormal(10, 1), 2),
            "device": str(random.choice(["desktop", "mobile", "tablet"])),
        }
        for _ in range(ROWS)
    ]
    path.write_text("".join(json.dumps(event(i, row)) + "\n" for i, row in enumerate(rows)))
    return path


def run(*arguments: object) -> Any:
    """Run a verb in this process."""
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_written_file_reads_every_event_of_the_sample(shape: str, tmp_path: Path) -> None:
    """Paths, unit and id are those of the shape; check finds nothing wrong, and replay counts each event."""
    event, expected = SHAPES[shape]
    sample, config = write_events(tmp_path / "s.jsonl", event), tmp_path / "driftline.toml"
    result = run("init", sample, "--out", config, "--fit")
    assert result.exit_code == 0, result.output
    found = tomllib.loads(config.read_text())["events"]
    assert {key: found.get(key) for key in expected} == expected
    baseline = json.loads((tmp_path / "baseline.json").read_text())
    assert [feature["name"] for feature in baseline["features"]] == NAMES.get(shape, ["age", "income", "device"])
    checked = run("check", "--config", config, "--sample", sample)
    assert checked.exit_code == 0, checked.output
    summary = tmp_path / "summary.json"
    assert run("replay", sample, "--config", config, "--summary", summary).exit_code == 0
    ledger = json.loads(summary.read_text())["ledger"]
    assert (ledger["read"], ledger["counted"]) == (ROWS, ROWS)


def arrow(i: int, row: dict[str, Any]) -> bytes:
    """Return a record of two rows as an Arrow stream."""
    batch = pa.RecordBatch.from_pylist([{"ts": (START_S + i) * 1000, **row}] * 2)
    out = io.BytesIO()
    with pa.ipc.new_stream(out, batch.schema) as stream:
        stream.write_batch(batch)
    return out.getvalue()


def timed_arrow(i: int, row: dict[str, Any]) -> bytes:
    """Return such a record with a time that is of Arrow's type."""
    times = pa.array([(START_S + i) * 1000] * 2, pa.timestamp("ms", tz="UTC"))
    batch = pa.RecordBatch.from_pydict({"at": times, **{name: [value] * 2 for name, value in row.items()}})
    out = io.BytesIO()
    with pa.ipc.new_stream(out, batch.schema) as stream:
        stream.write_batch(batch)
    return out.getvalue()


def compressed(i: int, row: dict[str, Any]) -> bytes:
    """Return an event in JSON that its writer compressed."""
    return gzip.compress(json.dumps({"ts": (START_S + i) * 1000, **row}).encode())


def changed(i: int, row: dict[str, Any]) -> bytes:
    """Return what Debezium says of a new row of a table."""
    source = {"connector": "postgresql", "db": "d", "table": "t", "ts_ms": (START_S + i) * 1000}
    return json.dumps({"op": "c", "before": None, "after": {"id": i, **row}, "source": source}).encode()


@pytest.mark.parametrize(
    ("encode", "chain"),
    [(arrow, "arrow"), (timed_arrow, "arrow"), (compressed, "json"), (changed, "debezium > json")],
)
def test_records_that_are_no_plain_text_are_opened_as_the_stream_opens_them(
    encode: Callable[[int, dict[str, Any]], bytes], chain: str
) -> None:
    """Without a baseline, too: all columns are found, the id and the time are none of the features."""
    values = [encode(i, {"age": i % 37, "device": "ab"[i % 2]}) for i in range(ROWS)]
    stamps = [(START_S + i) * 1000 for i in range(ROWS)]
    found = propose(Sample("t", [RawBatch("t", 0, range(ROWS), values, stamps)], of_topic=True), None)
    assert formats_words(found) == f"{chain} ({ROWS})"
    assert [feature.name for feature in found.kinds.features] == ["age", "device"]
    assert found.clock is not None
    assert found.clock.path is not None
    assert found.clock.times_ms.tolist() == stamps


@pytest.mark.parametrize(("models", "of_topic", "of_file"), [(1, "asked", "m0"), (2, "asked", "asked")])
def test_a_monitor_is_called_as_no_other_one_is(models: int, of_topic: str, of_file: str) -> None:
    """After its topic: another one may have the same models. Of a file, after the only model, or the file."""
    values = [
        json.dumps({"ts": START_S + i, "model": f"m{i % models}", "features": {"age": i % 37}}).encode()
        for i in range(ROWS)
    ]
    batches = [RawBatch("asked", 0, range(ROWS), values, [(START_S + i) * 1000 for i in range(ROWS)])]
    assert propose(Sample("asked", batches, of_topic=True), None).name == of_topic
    assert propose(Sample("asked.jsonl", batches), None).name == of_file


def test_what_could_be_something_else_is_a_comment_with_the_alternative(tmp_path: Path) -> None:
    """Two times and two objects that look like features: one is taken, the other stands in a comment."""
    sample = write_events(
        tmp_path / "s.jsonl",
        lambda i, f: {"ts": START_S + i, "sent_at": START_S + i + 3, "current": f, "previous": {**f, "age": 1}},
    )
    text = run("init", sample, "--out", "-").stdout
    assert 'timestamp = "ts"' in text
    assert '# timestamp = "sent_at"' in text
    assert 'features = "current"' in text
    assert '# features = "previous"' in text


def test_columns_that_only_name_something_are_to_be_dropped(tmp_path: Path) -> None:
    """Unique ids, numbers of customers, and the time are no features; a constant is one, and is told."""
    sample = write_events(
        tmp_path / "s.jsonl",
        lambda i, f: {"ts": START_S + i, "key": f"k{i}", "customer_id": (i * 7919) % 100_003, "site": "x", **f},
    )
    result = run("init", sample, "--out", tmp_path / "driftline.toml", "--fit")
    assert "(--drop): ts, key, customer_id" in result.stderr
    assert "always the same: site" in result.stderr
    baseline = json.loads((tmp_path / "baseline.json").read_text())
    assert [feature["name"] for feature in baseline["features"]] == ["site", "age", "income", "device"]


def test_categories_spelled_as_numbers_are_named_in_the_next_command(tmp_path: Path) -> None:
    """Training data in csv cannot tell them from numbers: the command to fit it says that they are categories."""
    sample = write_events(
        tmp_path / "s.jsonl", lambda i, f: {"ts": START_S + i, "features": {"hour": str(i % 24), **f}}
    )
    result = run("init", sample, "--out", tmp_path / "driftline.toml")
    assert f"next: driftline fit train.csv --out {tmp_path}/baseline.json --categorical hour" in result.stderr


def test_of_several_models_the_one_with_the_baselines_features_is_chosen(tmp_path: Path) -> None:
    """With a baseline, events of another model on the same topic are foreign, and nothing needs an edit."""

    def event(i: int, f: dict[str, Any]) -> dict[str, Any]:
        ours = {"ts": START_S + i, "model": "houses", "features": f}
        return {**ours, "model": "other", "features": {"x": 1.0, "y": f["age"]}} if i % 2 else ours

    only = write_events(tmp_path / "houses.jsonl", lambda i, f: {"features": f, "ts": START_S + i})
    assert run("init", only, "--out", tmp_path / "first.toml", "--fit").exit_code == 0
    sample, config = write_events(tmp_path / "s.jsonl", event), tmp_path / "driftline.toml"
    run("init", sample, "--out", config, "--baseline", tmp_path / "baseline.json")
    assert tomllib.loads(config.read_text())["events"]["where"] == {"model": "houses"}
    checked = run("check", "--config", config, "--sample", sample, "--json")
    assert checked.exit_code == 0, checked.output
    assert "50 % are foreign" in checked.stdout


def test_the_schedule_follows_the_pace_and_lateness_the_disorder(tmp_path: Path) -> None:
    """Rows every 10 seconds, some 100 seconds late: windows of 3 hours hold a thousand, lateness lets them in."""
    sample = write_events(
        tmp_path / "s.jsonl",
        lambda i, f: {"ts": START_S + 10 * i - (100 if i % 9 == 0 else 0), "features": f},
    )
    config = tmp_path / "driftline.toml"
    run("init", sample, "--out", config, "--fit")
    schedule = tomllib.loads(config.read_text())["schedule"]
    assert (schedule["every"], schedule["lateness"]) == ("3h", "2m")


def test_values_without_names_have_the_names_under_which_the_baseline_knows_them(tmp_path: Path) -> None:
    """One of three values is a text of its own in each row, and no feature: the others keep their places."""
    sample = write_events(
        tmp_path / "s.jsonl",
        lambda i, f: {"ts": START_S + i, "instances": [[f["age"], f"{i:09x}" * 30, f["income"]]]},
    )
    config = tmp_path / "driftline.toml"
    result = run("init", sample, "--out", config, "--fit")
    assert result.exit_code == 0, result.output
    baseline = json.loads((tmp_path / "baseline.json").read_text())
    assert [feature["name"] for feature in baseline["features"]] == ["f1", "f3"]
    assert tomllib.loads(config.read_text())["events"]["names"] == ["f1", "f2", "f3"]
    checked = run("check", "--config", config, "--sample", sample)
    assert checked.exit_code == 0, checked.output
    # Without --fit, whose baseline has names of its own, they are no more than a remark.
    assert "# names = [" in run("init", sample, "--out", "-").stdout
