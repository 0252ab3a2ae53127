"""What `driftline run` publishes through a real broker is what `driftline replay` writes, byte for byte."""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

START_MS = 1_700_000_000_000
PARTITIONS = 4


class Insects(NamedTuple):
    """abrupt_insects on a topic of four partitions, the command line for it, and what replay of the file wrote."""

    topic: str
    driftline: Any
    replayed: list[bytes]


@pytest.fixture(scope="module")
def produced(
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    command_line: Callable[..., Any],
    real_monitor: Callable[..., Path],
    data_dir: Path,
) -> Callable[[], Insects]:
    """Return a function that produces the stream, event after event to the next partition, and replays the file."""

    def make() -> Insects:
        topic = make_topic("insects", partitions=PARTITIONS)
        stream = data_dir / "abrupt_insects" / "stream.jsonl.gz"
        produce(topic, gzip.decompress(stream.read_bytes()).splitlines(), partitions=PARTITIONS)
        driftline = command_line(real_monitor("abrupt_insects"), topic)
        return Insects(topic, driftline, driftline.run("replay", str(stream)).stdout.splitlines())

    return make


@pytest.fixture(scope="module")
def insects(produced: Callable[[], Insects]) -> Insects:
    """Return the stream after one `driftline run --burst`."""
    made = produced()
    made.driftline.run("run", "--burst")
    return made


def without_offsets(values: Iterable[bytes]) -> list[bytes]:
    """Take the one field out that may differ; the order of all others stays and is compared."""
    return [json.dumps({k: v for k, v in json.loads(value).items() if k != "offsets"}).encode() for value in values]


def test_run_publishes_what_replay_writes(insects: Insects, committed: Callable[..., list[Any]]) -> None:
    """Four partitions of a broker and one file give the same drift events: opened, changed, resolved, ids and all."""
    published = [record.value for record in committed(f"{insects.topic}.alerts")]
    assert without_offsets(published) == without_offsets(insects.replayed)
    types = [json.loads(value)["type"] for value in published]
    assert (types[0], types[-1]) == ("drift.opened", "drift.resolved")


def test_events_carry_the_envelope_and_the_offsets_of_their_window(
    insects: Insects, committed: Callable[..., list[Any]]
) -> None:
    """Headers are CloudEvents in binary mode, and the offsets name exactly the records counted in the window."""
    for record in committed(f"{insects.topic}.alerts"):
        event = json.loads(record.value)
        assert record.key == insects.topic.encode()
        assert dict(record.headers) == {
            "ce_specversion": b"1.0",
            "ce_id": event["id"].encode(),
            "ce_type": f"driftline.{event['type']}".encode(),
            "ce_source": f"driftline/{insects.topic}".encode(),
            "ce_time": event["window"]["end"].encode(),
            "content-type": b"application/json",
        }
        first, last = ((event["window"][end] - START_MS) // 1000 for end in ("start_ms", "end_ms"))
        assert event["offsets"] == {insects.topic: spans(first, last)}


def spans(first: int, last: int) -> dict[str, list[int]]:
    """Return smallest and largest offset by partition of events ``first`` to ``last - 1``."""
    offsets: dict[str, list[int]] = {}
    for number in range(first, last):
        offsets.setdefault(str(number % PARTITIONS), []).append(number // PARTITIONS)
    return {partition: [min(found), max(found)] for partition, found in sorted(offsets.items())}


def test_counter_and_judge_apart_publish_what_both_together_do(
    produced: Callable[[], Insects], committed: Callable[..., list[Any]]
) -> None:
    """A process with `--role counter` and then one with `--role judge` give the events of replay."""
    insects = produced()
    insects.driftline.run("run", "--burst", "--role", "counter")
    assert committed(f"{insects.topic}.alerts") == []
    insects.driftline.run("run", "--burst", "--role", "judge")
    published = [record.value for record in committed(f"{insects.topic}.alerts")]
    assert without_offsets(published) == without_offsets(insects.replayed)


def test_a_second_burst_publishes_nothing_again(insects: Insects, committed: Callable[..., list[Any]]) -> None:
    """What is counted and judged stays so: run again over the same topic, and no event is published twice."""
    insects.driftline.run("run", "--burst")
    published = [record.value for record in committed(f"{insects.topic}.alerts")]
    assert without_offsets(published) == without_offsets(insects.replayed)
