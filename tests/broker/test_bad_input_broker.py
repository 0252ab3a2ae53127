"""Bad input through a real broker: each event has one entry in the ledger, rejects are kept, nothing stops."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from consumers.records import Control, read_counts_topic

FATES = ("counted", "late", "ahead", "foreign")
# Larger than a message may be that the client sends with its own settings.
HUGE = b"{" + b"x" * 1_500_000


def value(scenario: dict[str, Any]) -> bytes | None:
    """Return the bytes of a scenario's event."""
    if "event_hex" in scenario:
        return bytes.fromhex(scenario["event_hex"])
    return None if scenario["event"] is None else str(scenario["event"]).encode()


def entries(counts: list[Any]) -> Counter[str]:
    """Add up the ledgers of the control records."""
    total: Counter[str] = Counter()
    for record in counts:
        read = read_counts_topic(record.value)
        if isinstance(read, Control):
            total += Counter({fate: read.ledger[fate] for fate in ("read", *FATES)}) + Counter(read.ledger["rejected"])
    return total


def test_bad_events_are_accounted_for_and_kept(
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    committed: Callable[..., list[Any]],
    command_line: Callable[..., Any],
    stage_assembly: Callable[..., Any],
    repository: Path,
) -> None:
    """Every scenario, and one event too large for a reject, twice over: fates, rejects with bytes, reason and place."""
    scenarios = json.loads((repository / "tests" / "golden" / "bad_input" / "events.json").read_text())
    events = [*map(value, scenarios), HUGE]
    topic = make_topic("bad", max_message_bytes="4000000")
    produce(topic, events, max_request_size=4_000_000)
    driftline = command_line(stage_assembly(events='where = {model = "m"}').settings.path, topic)
    driftline.run("run", "--burst")
    expected = Counter(scenario["fate"] for scenario in scenarios) + Counter({"bad_json": 1, "read": len(events)})
    assert entries(committed(f"{topic}.counts")) == expected
    rejects = committed(f"{topic}.rejects")
    rejected = [offset for offset, s in enumerate(scenarios) if s["fate"] not in FATES] + [len(scenarios)]
    for record, offset in zip(rejects, rejected, strict=True):
        headers = dict(record.headers)
        sent = events[offset]
        assert record.value == (None if sent is None else sent[:262_144])
        assert headers["driftline_topic"] == topic.encode()
        assert (headers["driftline_partition"], headers["driftline_offset"]) == (b"0", str(offset).encode())
        assert headers["driftline_size"] == (b"" if sent is None else str(len(sent)).encode())
        fate = "bad_json" if sent is HUGE else scenarios[offset]["fate"]
        assert headers["driftline_reason"] == fate.encode()
    produce(topic, [value(scenarios[0])])
    driftline.run("run", "--burst")
    assert entries(committed(f"{topic}.counts"))["counted"] == expected["counted"] + 1
