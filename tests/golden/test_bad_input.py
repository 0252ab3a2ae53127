"""Bad input, event by event as data: each ends in exactly one entry of the ledger, and none stops the consumer."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from consumers.cli import app

SCENARIOS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "bad_input" / "events.json").read_text())
EVENTS = 'where = {model = "m"}'
# A record's own timestamp, that of an event which is neither late nor ahead.
RECORD_MS = 1_700_000_060_000
FATES = ("counted", "late", "ahead", "foreign")


def value(scenario: dict[str, Any]) -> bytes | None:
    """Return the bytes of a scenario's event."""
    if "event_hex" in scenario:
        return bytes.fromhex(scenario["event_hex"])
    return None if scenario["event"] is None else str(scenario["event"]).encode()


def entries(ledger: dict[str, Any]) -> Counter[str]:
    """Return a ledger's entries by name, reasons of rejection among them."""
    return Counter({fate: ledger[fate] for fate in FATES}) + Counter(ledger["rejected"])


@pytest.fixture
def bad(stage: Callable[..., Any]) -> Any:
    """Return a stage on whose first partition every scenario stands, in order."""
    made = stage(events=EVENTS)
    for scenario in SCENARIOS:
        made.log.append("events", value(scenario), timestamp_ms=RECORD_MS)
    return made


def test_each_event_ends_in_the_one_entry_that_its_scenario_names(bad: Any) -> None:
    """Read one by one, every event grows the ledger by one: in the entry it should, and in "read"."""
    counter = bad.counter(most_records=1)
    for scenario in SCENARIOS:
        before = counter.ledger.to_dict()
        counter.step(0.0)
        after = counter.ledger.to_dict()
        assert after["read"] == before["read"] + 1
        assert entries(after) - entries(before) == {scenario["fate"]: 1}, scenario["name"]
        assert counter.ledger.balanced()


def test_all_at_once_they_meet_the_same_fates(bad: Any) -> None:
    """In one batch, neighbours change nothing; the judge's ledger agrees with the counter's."""
    counter, judge = bad.counter(), bad.judge()
    bad.drain(counter, judge)
    assert entries(counter.ledger.to_dict()) == Counter(scenario["fate"] for scenario in SCENARIOS)
    assert bad.remembered().ledger == counter.ledger


def test_rejects_carry_their_bytes_reason_and_place(bad: Any) -> None:
    """Each rejected event, and no other, is on the rejects topic, whole, with why and where from in its headers."""
    bad.drain(bad.counter(), bad.judge())
    told = [(record.value, dict(record.headers)) for record in bad.log.records("rejects")]
    expected = [(n, s) for n, s in enumerate(SCENARIOS) if s["fate"] not in FATES]
    assert len(told) == len(expected)
    for (sent, headers), (offset, scenario) in zip(told, expected, strict=True):
        assert sent == value(scenario)
        assert headers.pop("driftline_detail")
        assert headers == {
            "driftline_reason": scenario["fate"].encode(),
            "driftline_topic": b"events",
            "driftline_partition": b"0",
            "driftline_offset": str(offset).encode(),
            "driftline_size": b"" if sent is None else str(len(sent)).encode(),
        }


def test_what_is_counted_is_counted_as_what_it_is(bad: Any) -> None:
    """No value is dropped: missing, infinite, of the wrong type and never seen have cells of their own."""
    bad.drain(bad.counter(), bad.judge())
    (pane,) = bad.counted().values()
    layout = bad.assembly.layout
    # missing, NaN, -inf, +inf, wrong type
    assert pane.counts.cells[layout.numeric_specials(0)].tolist() == [2, 0, 0, 2, 1]
    # unseen, missing, wrong type
    assert pane.counts.cells[layout.categorical_cells(0)].tolist()[-3:] == [1, 1, 0]
    assert pane.counts.names == {0: {"fridge": 1}}
    assert pane.counts.rows == sum(scenario["fate"] == "counted" for scenario in SCENARIOS)


def test_replay_of_a_file_meets_the_same_fates(stage_assembly: Callable[..., Any], tmp_path: Path) -> None:
    """What can stand on a line of a file ends as it does in a topic; a line has no record timestamp to be ahead of."""
    config = stage_assembly(events=EVENTS).settings.path
    lines = [s for s in SCENARIOS if s["fate"] not in {"tombstone", "empty", "ahead"}]
    stream, summary = tmp_path / "bad.jsonl", tmp_path / "summary.json"
    stream.write_bytes(b"".join((value(scenario) or b"") + b"\n" for scenario in lines))
    arguments = ["replay", "--config", str(config), str(stream), "--summary", str(summary)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    ledger = json.loads(summary.read_text())["ledger"]
    assert entries(ledger) == Counter(scenario["fate"] for scenario in lines)
    assert ledger["read"] == len(lines)


def test_a_huge_reject_is_cut_and_says_how_large_it_was(stage: Callable[..., Any]) -> None:
    """A reject that no message could hold is cut; its header has the size, and counting goes on."""
    made = stage(events=EVENTS)
    huge = b"{" + b"x" * 3_000_000
    for sent in (huge, value(SCENARIOS[0])):
        made.log.append("events", sent)
    made.drain(made.counter(), made.judge())
    (reject,) = made.log.records("rejects")
    assert reject.value == huge[:262_144]
    assert dict(reject.headers)["driftline_size"] == b"3000001"
    assert made.remembered().ledger.counted == 1
