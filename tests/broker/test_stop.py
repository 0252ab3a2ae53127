"""Stopping, killing and starting again, on a real broker: nothing is lost and nothing comes twice."""

import contextlib
import gzip
import json
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from consumers.records import PaneChunk, read_counts_topic
from stream.packing import chunk_rows

# What is promised, from the signal to the end of the process.
STOPS_WITHIN_S = 5
PARTITIONS = 4


class Insects(NamedTuple):
    """abrupt_insects on a topic, the command line for it, its lines, and what replay wrote."""

    topic: str
    driftline: Any
    lines: list[bytes]
    replayed: list[bytes]


@pytest.fixture
def insects(
    make_topic: Callable[..., str],
    command_line: Callable[..., Any],
    real_monitor: Callable[..., Path],
    data_dir: Path,
) -> Insects:
    """Return an empty topic of four partitions for the stream, and what replay of its file wrote."""
    topic = make_topic("stopped", partitions=PARTITIONS)
    stream = data_dir / "abrupt_insects" / "stream.jsonl.gz"
    driftline = command_line(real_monitor("abrupt_insects"), topic)
    lines = gzip.decompress(stream.read_bytes()).splitlines()
    return Insects(topic, driftline, lines, driftline.run("replay", str(stream)).stdout.splitlines())


@contextlib.contextmanager
def running(driftline: Any, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a `driftline run` that is killed at the end, whatever happens."""
    process = driftline.start("run", *arguments)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait for something that a running process must bring about."""
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.stderr.read() if process.stderr else b""
        assert time.monotonic() < deadline
        time.sleep(0.2)


def counted(committed: Callable[..., list[Any]], topic: str) -> int:
    """Return how many records the counts topic has; 0 before it exists."""
    with contextlib.suppress(Exception):
        return len(committed(f"{topic}.counts"))
    return 0


def without_offsets(values: list[bytes]) -> list[dict[str, Any]]:
    """Return events without the field in which a broker and a file differ."""
    return [{k: v for k, v in json.loads(value).items() if k != "offsets"} for value in values]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_stops_in_time_and_the_next_start_goes_on_exactly(
    number: signal.Signals, insects: Insects, produce: Callable[..., None], committed: Callable[..., list[Any]]
) -> None:
    """Stopped in the middle of the stream: exit 0 within 5 s, and after another run the events of replay."""
    topic, half = insects.topic, len(insects.lines) // 2 // PARTITIONS * PARTITIONS
    produce(topic, insects.lines[:half], partitions=PARTITIONS)
    with running(insects.driftline) as process:
        wait_until(lambda: counted(committed, topic) > 0, process)
        began = time.monotonic()
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
        assert time.monotonic() - began < STOPS_WITHIN_S
        assert process.returncode == 0, told.decode()
    assert b"Traceback" not in told
    assert b"kafka." not in told
    produce(topic, insects.lines[half:], partitions=PARTITIONS)
    insects.driftline.run("run", "--burst")
    published = [record.value for record in committed(f"{topic}.alerts")]
    assert without_offsets(published) == without_offsets(insects.replayed)


def test_a_killed_process_is_followed_exactly(
    insects: Insects, produce: Callable[..., None], committed: Callable[..., list[Any]]
) -> None:
    """SIGKILL while it counts and judges, then another start: the events of replay, none lost and none twice."""
    topic = insects.topic
    produce(topic, insects.lines, partitions=PARTITIONS)
    with running(insects.driftline) as process:
        wait_until(lambda: counted(committed, topic) > 0, process)
        process.kill()
        process.communicate()
    insects.driftline.run("run", "--burst")
    published = [record.value for record in committed(f"{topic}.alerts")]
    assert without_offsets(published) == without_offsets(insects.replayed)
    assert recounted(committed(f"{topic}.counts")) == Counter(pane_of(json.loads(line)["ts"]) for line in insects.lines)


def recounted(counts: list[Any]) -> Counter[int]:
    """Add up the rows on the counts topic, by the start of their pane."""
    rows: Counter[int] = Counter()
    for record in counts:
        read = read_counts_topic(record.value)
        if isinstance(read, PaneChunk):
            rows[read.start_ms] += chunk_rows(read.chunk)
    return rows


def pane_of(time_ms: int) -> int:
    """Return the start of the pane that holds this time."""
    return time_ms // 100_000 * 100_000


@pytest.fixture
def nobody(command_line: Callable[..., Any], stage_assembly: Callable[..., Any]) -> tuple[str, Any]:
    """Return an address where nobody listens, and a command line that is sent there and serves no metrics."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    driftline = command_line(stage_assembly().settings.path, "nowhere")
    driftline.environment["DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS"] = address
    driftline.environment["DRIFTLINE_TELEMETRY__LISTEN"] = ""
    return address, driftline


def test_without_a_broker_the_start_ends_with_one_message(nobody: tuple[str, Any]) -> None:
    """Nobody listens: exit 1 in bounded time, one line that says where and what to do."""
    address, driftline = nobody
    process = driftline.start("run")
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    (line,) = told.decode().splitlines()
    assert address in line
    assert "kafka.bootstrap_servers" in line


def test_a_signal_while_looking_for_a_broker_ends_it(nobody: tuple[str, Any]) -> None:
    """Stopped before there is anything to stop: exit 0 at once."""
    process = nobody[1].start("run")
    time.sleep(4)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=STOPS_WITHIN_S)
    assert (process.returncode, told) == (0, b"")
