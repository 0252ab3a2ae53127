"""Every format through a real broker to a drift event: one topic with all that tell themselves, told apart by a header.

Those that need a word of configuration have a topic for each.
"""

import contextlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from baselines import save
from baselines.fitting import fit
from consumers.records import Control, read_counts_topic
from tests.encoders import CLIENT, ENCODERS, NAMES, SETTINGS, Encoded
from tests.fake_registry import FakeRegistry, running

START_MS, EVERY_MS, ROWS = 1_700_000_040_000, 10_000, 40
# The second window has moved; what comes a window later lets it be tested.
SHIFTS = (0.0, 40.0, 40.0)
GROUPS: dict[tuple[tuple[str, str], ...], list[str]] = {}
for _name in ENCODERS:
    GROUPS.setdefault(tuple(SETTINGS.get(_name, {}).items()), []).append(_name)


def rows(shift: float) -> list[dict[str, Any]]:
    """Return rows of one window; ``x`` and ``c`` are features, and the third value is nobody's."""
    draw = random.Random(7)
    return [{"x": draw.gauss(shift, 8) // 1, "y z": 0.0, "c": draw.choice("ab")} for _ in range(ROWS)]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """Run a registry with what Confluent's serializers have registered."""
    with running() as fake:
        for name, (encode, _) in ENCODERS.items():
            if not name.startswith("confluent"):
                continue
            (value, headers), *_ = encode(rows(0.0)[:1])
            number = int.from_bytes(value[1:5]) if value[:1] == b"\x00" else 0
            if number:
                found = CLIENT.get_schema(number)
                answer = {"schema": found.schema_str, "schemaType": found.schema_type or "AVRO"}
                fake.answers |= {f"/schemas/ids/{number}{query}": answer for query in ("", "?format=serialized")}
            else:
                guid = (headers[0][1] if headers else value)[1:17].hex()
                dashed = "-".join((guid[:8], guid[8:12], guid[12:16], guid[16:20], guid[20:]))
                fake.answers[f"/schemas/guids/{dashed}"] = {"schema": CLIENT.get_schema_by_guid(dashed).schema_str}
        yield fake


@pytest.fixture
def config(tmp_path: Path, registry: FakeRegistry, told: tuple[tuple[str, str], ...]) -> Path:
    """Return a configuration that watches each format apart, by a header that the test's producer writes."""
    training = "x,c\n" + "".join(f"{row['x']},{row['c']}\n" for _ in range(25) for row in rows(0.0))
    (tmp_path / "training.csv").write_text(training)
    save(fit([tmp_path / "training.csv"]), tmp_path / "baseline.json")
    parts = (
        '[monitor]\nname = "m"\n[schedule]\nevery = "10s"\nlateness = "1s"\nidle = "12h"\nmin_samples = 20',
        f'[events]\nnames = {json.dumps(NAMES)}\nsegment = ["@header.format"]\nmax_segments = {len(ENCODERS) + 1}',
        *(f'{key} = "{value}"' for key, value in told),
        f'[schema_registry]\nurl = "{registry.url}"',
        '[decision]\nfalse_alarms = "1 per 1h"\npersist = "1 of 1"\nchecks = ["ks"]',
    )
    (tmp_path / "driftline.toml").write_text("\n".join(parts))
    return tmp_path / "driftline.toml"


def send(servers: list[str], topic: str, records: list[tuple[Encoded, str, int]]) -> None:
    with contextlib.closing(KafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=20)) as producer:
        for (value, headers), name, time_ms in records:
            told = [*headers, ("format", name.encode())]
            producer.send(topic, value, headers=told, timestamp_ms=time_ms, partition=0)
        producer.flush()


@pytest.mark.parametrize("told", GROUPS, ids=lambda told: " ".join(value for _, value in told) or "told by itself")
def test_every_format_reaches_a_drift_event(
    make_topic: Callable[..., str],
    committed: Callable[..., list[Any]],
    command_line: Callable[..., Any],
    bootstrap_servers: list[str],
    config: Path,
    told: tuple[tuple[str, str], ...],
) -> None:
    """The same rows in each format: none is rejected, all are counted, and in each of them the shift is found."""
    topic = make_topic("formats")
    records = [
        (record, name, START_MS + window * EVERY_MS + 1000)
        for window, shift in enumerate(SHIFTS)
        for name in GROUPS[told]
        for record in ENCODERS[name][0](rows(shift))
    ]
    send(bootstrap_servers, topic, records)
    command_line(config, topic).run("run", "--burst")
    ledgers = [read_counts_topic(record.value) for record in committed(f"{topic}.counts")]
    ledger = [read.ledger for read in ledgers if isinstance(read, Control)]
    counted = sum(entry.get("rows", entry)["counted"] for entry in ledger)
    assert (sum(entry["read"] for entry in ledger), counted) == (len(records), len(SHIFTS) * len(GROUPS[told]) * ROWS)
    alerts = [json.loads(record.value) for record in committed(f"{topic}.alerts")]
    opened = {event["segment"]["@header.format"] for event in alerts if event["type"] == "drift.opened"}
    assert opened == set(GROUPS[told])
