"""The tap over the life of a process: after a fork, at its exit, and before the first batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BEGINNING = """
import logging, os, sys, threading
from consumers.tap import FileEvents, MemoryEvents, Tap, TapLimits
path = sys.argv[1]
"""


def run(script: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own; it must end well and say nothing on stderr."""
    command = [sys.executable, "-c", BEGINNING + script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done


def written(path: Path) -> list[tuple[str, int]]:
    """Return who wrote which number, in the order of numbers."""
    features = [json.loads(line)["features"] for line in path.read_text().splitlines()]
    return sorted((event["who"], event["x"]) for event in features)


def test_what_is_left_is_sent_at_exit(tmp_path: Path) -> None:
    """A process that just ends has sent what it recorded."""
    run(
        """
tap = Tap(FileEvents(path))
for number in range(100):
    tap.record({"who": "me", "x": number})
""",
        tmp_path / "events.jsonl",
    )
    assert written(tmp_path / "events.jsonl") == [("me", number) for number in range(100)]


def test_an_outlet_that_hangs_does_not_keep_a_process_alive(tmp_path: Path) -> None:
    """The end of the process waits for the deadline and no longer."""
    run(
        """
class Hanging(MemoryEvents):
    def send(self, lines, settled):
        threading.Event().wait()
tap = Tap(Hanging(), limits=TapLimits(exit_s=0.1))
tap.record({"x": 1})
""",
        tmp_path,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_a_tap_of_its_own(tmp_path: Path) -> None:
    """Parent and child both go on; what the parent had queued is sent once, and ids of the two differ."""
    done = run(
        """
class Slow(FileEvents):
    def send(self, lines, settled):
        go.wait(60) if os.getpid() == parent else None
        super().send(lines, settled)
parent, go = os.getpid(), threading.Event()
tap = Tap(Slow(path))
for number in range(10):
    tap.record({"who": "parent", "x": number})
child = os.fork()
if child == 0:
    assert tap.stats().rows == 0
    for number in range(10):
        tap.record({"who": "child", "x": number})
    assert tap.flush(60)
    print(tap.stats().sent)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
go.set()
assert tap.flush(60)
print(tap.stats().sent)
""",
        tmp_path / "events.jsonl",
    )
    assert done.stdout.split() == ["10", "10"]
    both = [("child", number) for number in range(10)] + [("parent", number) for number in range(10)]
    assert written(tmp_path / "events.jsonl") == both
    ids = [json.loads(line)["id"] for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert len(set(ids)) == 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_in_the_middle_of_recording_does_not_hang_the_child(tmp_path: Path) -> None:
    """Locks that other threads held at the fork are made anew in the child."""
    run(
        """
logging.disable()
tap = Tap(MemoryEvents())
stop = threading.Event()
def serve():
    while not stop.is_set():
        tap.record({"x": 1})
threads = [threading.Thread(target=serve) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        tap.record({"x": 1})
        os._exit(0 if tap.flush(60) and tap.stats().sent == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
tap.close(60)
""",
        tmp_path,
    )


def test_a_tap_without_traffic_has_no_thread(tmp_path: Path) -> None:
    """What is made before a server forks its workers costs nothing there; the first batch starts the thread."""
    done = run(
        """
tap = Tap(MemoryEvents())
print(threading.active_count())
tap.record({"x": 1})
print(threading.active_count())
""",
        tmp_path,
    )
    assert done.stdout.split() == ["1", "2"]


def test_the_tap_does_not_import_torch(tmp_path: Path) -> None:
    """Servers without torch record by hand, and pay nothing for it."""
    done = run(
        """
tap = Tap(MemoryEvents(), features=["a"])
tap.record([[1.0], [2.0]], prediction=[0.5, 0.25])
assert tap.flush(60)
print(tap.stats().sent, "torch" in sys.modules)
""",
        tmp_path,
    )
    assert done.stdout.split() == ["2", "False"]
