"""What the tap does when there is more than it can take: it never waits, and every row is accounted for."""

import json
import logging
import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from consumers.tap import MemoryEvents, Tap, TapLimits
from consumers.tap.backlog import Backlog
from consumers.tap.contained import Contained
from consumers.tap.outlet import Settled
from consumers.tap.stats import Account, TapStats
from consumers.tap.worker import Worker


class BlockedEvents(MemoryEvents):
    """An outlet that keeps whoever sends waiting until ``opened`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.opened = threading.Event(), threading.Event()

    def send(self, lines: Sequence[bytes], settled: Settled) -> None:
        """Wait, then keep the lines."""
        self.entered.set()
        assert self.opened.wait(60)
        super().send(lines, settled)


class FailingEvents(MemoryEvents):
    """An outlet that loses every second batch and says so, as Kafka's does when it is away."""

    calls = 0

    def send(self, lines: Sequence[bytes], settled: Settled) -> None:
        """Keep the lines or lose them."""
        self.calls += 1
        if self.calls % 2:
            super().send(lines, settled)
        else:
            settled(0, len(lines))


@pytest.fixture
def blocked() -> Iterator[BlockedEvents]:
    """Yield an outlet that blocks; its thread is let go at the end."""
    outlet = BlockedEvents()
    yield outlet
    outlet.opened.set()


def whole(stats: TapStats) -> bool:
    """Say whether each row has exactly one fate."""
    known = stats.sampled_out + stats.queued + stats.unconfirmed + stats.sent + sum(stats.dropped.values())
    return stats.rows == known


def test_a_blocked_outlet_keeps_nobody_waiting(blocked: BlockedEvents) -> None:
    """Batches beyond the limit are dropped and counted while the outlet blocks; those before it are all sent."""
    tap = Tap(blocked, limits=TapLimits(batches=4))
    tap.record({"x": [0, 0]})
    assert blocked.entered.wait(60)
    for number in range(1, 50):
        tap.record({"x": [number, number]})
    # One is being sent, three wait.
    stats = tap.stats()
    assert (stats.rows, stats.queued, stats.unconfirmed, dict(stats.dropped)) == (100, 6, 2, {"full": 92})
    assert whole(stats)
    blocked.opened.set()
    assert tap.flush(60)
    assert tap.stats() == TapStats(rows=100, sent=8, dropped={"full": 92})
    assert tap.stats().share_sent == 0.08
    assert [json.loads(line)["features"]["x"] for line in blocked.lines] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_full_tap_copies_nothing(blocked: BlockedEvents) -> None:
    """Where there is no room for a batch's bytes, its data is not even looked at."""
    tap = Tap(blocked, features=["x"], limits=TapLimits(memory_bytes=1_000))
    tap.record(np.zeros((100, 1)))
    assert blocked.entered.wait(60)
    tap.record(np.zeros((100, 1)))
    assert tap.stats().dropped == {"full": 100}
    tap.record(np.zeros((20, 1)))
    assert tap.stats().dropped == {"full": 100}


def test_the_backlog_holds_what_is_being_worked_on() -> None:
    """Room is free when a batch is done, not when it is taken; a batch larger than the limit passes alone."""
    backlog: Backlog[str] = Backlog(most_batches=2, most_bytes=10)
    assert backlog.put("large", 50)
    assert not backlog.put("a", 1)
    assert backlog.take(0) == ("large", 50)
    assert not backlog.put("a", 1)
    backlog.done(50)
    assert backlog.put("a", 5)
    assert not backlog.put("b", 6)
    assert backlog.put("b", 5)
    assert not backlog.put("c", 0)
    assert not backlog.drained(0)
    for _ in range(2):
        taken = backlog.take(0)
        assert taken is not None
        backlog.done(taken[1])
    assert backlog.drained(0)
    assert backlog.take(0) is None


def test_a_batch_that_is_done_is_let_go() -> None:
    """The tap's thread keeps no copy of the last batch while it waits for the next one."""
    backlog: Backlog[np.ndarray] = Backlog(most_batches=2, most_bytes=10_000)
    worker = Worker(backlog, lambda _: None, lambda: None, Contained(Account()))
    batch = np.zeros(10)
    held = weakref.ref(batch)
    backlog.put(batch, batch.nbytes)
    del batch
    worker.ensure()
    assert backlog.drained(60)
    assert held() is None
    worker.stop(60)


def test_what_the_outlet_loses_is_dropped() -> None:
    """Rows that Kafka did not take are counted under their reason."""
    outlet = FailingEvents()
    tap = Tap(outlet)
    for _ in range(4):
        tap.record({"x": [1, 2, 3]})
    assert tap.flush(60)
    assert tap.stats() == TapStats(rows=12, sent=6, dropped={"outlet": 6})


def test_a_batch_that_cannot_be_read_is_dropped_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """A wrong number of names costs the events, never the caller; the log says why, one time."""
    outlet = MemoryEvents()
    tap = Tap(outlet, features=["a", "b"])
    with caplog.at_level(logging.WARNING, "driftline.tap"):
        for _ in range(3):
            tap.record(np.zeros((5, 3)))
        tap.record(np.zeros((5, 2)))
        assert tap.flush(60)
    assert tap.stats() == TapStats(rows=20, sent=5, dropped={"unread": 15}, errors=3)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    assert "2 features have names" in caplog.text


def test_a_feature_of_two_meanings_is_refused() -> None:
    """An input feature called `prediction` does not vanish behind the model's answer."""
    tap = Tap(MemoryEvents(), features=["prediction"])
    tap.record(np.zeros((2, 1)), prediction=np.zeros(2))
    assert tap.flush(60)
    assert tap.stats().dropped == {"unread": 2}


@pytest.mark.parametrize("nonsense", [object(), 5, "text", [], {}, {"x": object()}, [[1], [1, 2]]])
def test_nothing_that_is_recorded_raises(nonsense: Any) -> None:
    """Whatever a caller hands over by mistake, its request goes on."""
    tap = Tap(MemoryEvents(), features=["a"])
    tap.record(nonsense)
    tap.record({"x": [1, 2]}, ids=[1])
    tap.record()
    tap.flush(60)
    assert whole(tap.stats())


def test_losses_are_reported_once_each(caplog: pytest.LogCaptureFixture) -> None:
    """The report says what was lost since the last one, and nothing when nothing was."""
    tap = Tap(FailingEvents())
    with caplog.at_level(logging.WARNING, "driftline.tap"):
        for _ in range(4):
            tap.record({"x": [1, 2, 3]})
        assert tap.close(60)
        tap.close(60)
    assert [record.getMessage() for record in caplog.records] == [
        "6 rows more have no event; of 12 rows so far: outlet 6"
    ]


def test_sampling_takes_rows_and_counts_the_others() -> None:
    """Rows are picked one by one, features, predictions, ids and times of the same row together."""
    outlet = MemoryEvents()
    tap = Tap(outlet, features=["x"], sample=0.25, generator=np.random.default_rng(5))
    for start in range(0, 4_000, 100):
        rows = np.arange(start, start + 100)
        tap.record(rows[:, None], rows, ids=rows, times=rows.tolist())
    assert tap.flush(60)
    events = [json.loads(line) for line in outlet.lines]
    picked = np.flatnonzero(_draws(5, 40) < 0.25).tolist()
    assert [event["features"]["x"] for event in events] == picked
    for event in events:
        number = event["features"]["x"]
        assert (event["features"]["prediction"], event["id"], event["ts"]) == (number, str(number), number)
        assert event["sample"] == 0.25
    assert tap.stats() == TapStats(rows=4_000, sampled_out=4_000 - len(picked), sent=len(picked))


def _draws(seed: int, batches: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.concatenate([generator.random(100) for _ in range(batches)])


def test_sampling_leaves_other_peoples_chance_alone() -> None:
    """Neither numpy's own random numbers nor Python's move when the tap draws."""
    np.random.seed(1)  # noqa: NPY002 - the shared generator is what this is about
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    Tap(MemoryEvents(), sample=0.5).record({"x": [1] * 100})
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    """A mistake in the tap's own arguments is told when it is made."""
    with pytest.raises(ValueError, match="sample is"):
        Tap(MemoryEvents(), sample=share)


def test_rows_of_many_threads_are_all_accounted_for() -> None:
    """Several threads record at once: each row is sent once, or dropped and counted."""
    outlet = MemoryEvents()
    tap = Tap(outlet, limits=TapLimits(batches=8))

    def serve(name: int) -> None:
        for number in range(200):
            tap.record({"x": [number] * 3, "thread": [name] * 3})

    threads = [threading.Thread(target=serve, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tap.flush(60)
    stats = tap.stats()
    assert (stats.rows, stats.queued, stats.unconfirmed, stats.errors) == (2_400, 0, 0, 0)
    assert whole(stats)
    assert stats.sent == len(outlet.lines) == len({json.loads(line)["id"] for line in outlet.lines})


def test_a_closed_tap_takes_nothing_more() -> None:
    """After closing, recording is nothing, and closing again is nothing either."""
    outlet = MemoryEvents()
    tap = Tap(outlet)
    tap.record({"x": 1})
    assert tap.close(60)
    tap.record({"x": 2})
    assert tap.close(60)
    assert tap.stats() == TapStats(rows=1, sent=1)
    assert len(outlet.lines) == 1
