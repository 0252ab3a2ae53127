"""A partition that stands still, and comes back: what is said of it is the same, whatever befalls counter and judge.

One counter reads its partition to the end; the other one reads nothing, and only then begins, ten times as quick. Log
time is made of what is committed, as a broker's clock would stamp it in an undisturbed run.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import pytest

from consumers.memory_log import Crash, Fault
from consumers.source import LogUnavailable

if TYPE_CHECKING:
    from consumers.counter import Counter
    from consumers.judge import Judge

FAST, SLOW = ("events", 0), ("events", 1)
A_STEP = 60
START_MS = 1_700_000_000_000


class Troupe:
    """A fast and a slow counter, and a judge that looks after every step of theirs."""

    def __init__(self, stage: Any, dropped_after: int = -1) -> None:
        self.stage, self.steps, self.dropped_after = stage, 0, dropped_after
        self._judge: Judge = stage.judge(most_records=3)
        self._new_counters()

    def play(self) -> "Troupe":
        """Count all of the first partition, then all of the second, and judge everything."""
        for place in (FAST, SLOW):
            while self._counted(place) < self._events(place):
                # What the broker's clock shows is a function of what is committed.
                self.stage.log.now_ms = START_MS + (10 * self._counted(FAST) + self._counted(SLOW)) * 100 // A_STEP
                self._try(self._counters[place].step)
                self._try(self._judge.step)
        ends = self._judge.end_offsets()
        while not self._judge.caught_up(ends):
            self._try(self._judge.step)
        while any(book.next_offset for book in self._judge.books.values()):
            self._try(lambda _: self._judge.finish())
        return self

    def _try(self, step: Callable[[float], object]) -> None:
        self.steps += 1
        try:
            step(0.0)
        except LogUnavailable:
            return
        except Crash:
            self._new_process()
        if self.steps == self.dropped_after:
            self._new_process()

    def _new_process(self) -> None:
        self.stage.log.expel_all("judges")
        self._judge = self.stage.judge(most_records=3)
        self.stage.log.expel_all("counters")
        self._new_counters()

    def _new_counters(self) -> None:
        new = partial(self.stage.counter, most_records=A_STEP)
        self._counters: Mapping[Any, Counter] = {FAST: new(), SLOW: new()}

    def _counted(self, place: Any) -> int:
        positions = self.stage.log.committed("counters")
        return positions[place].offset if place in positions else 0

    def _events(self, place: Any) -> int:
        return len(self.stage.log.records(*place))


@pytest.fixture
def fed(stage: Callable[..., Any], incident_lines: list[bytes]) -> Callable[..., Any]:
    """Return ``make(**schedule)``: a stage that says early that windows wait, with the stream on its topic."""

    def make(**schedule: str) -> Any:
        given = {"window": "20s", "stalled_after": "3s"} | schedule
        made = stage(decision='persist = "1 of 1"', **given)
        made.feed(incident_lines)
        return made

    return make


def outcome(stage: Any) -> Any:
    """Return what was published, what is held, and the ledger."""
    book = stage.remembered()
    panes = {start: book.monitors.any.pane(start) for start in book.monitors.any.pane_starts()}
    held = {start: (pane.counts.rows, pane.counts.cells.tolist(), pane.offsets) for start, pane in panes.items()}
    waits = dict(stage.log.pairs("status"))[b"stage|waiting"]
    return stage.events(), held, book.ledger.to_dict(), waits


def short(events: list[dict[str, Any]]) -> list[str]:
    """Return what events are, without their content."""
    return [event.get("reason", event["type"]) + f" {event.get('state', '')}".rstrip() for event in events]


def test_patience_tests_early_and_counts_on(fed: Callable[..., Any]) -> None:
    """Drift is told while the other partition stands still, with half the coverage; in the end every row is counted."""
    stage = fed(patience="5s")
    Troupe(stage).play()
    events = stage.events()
    told = short(events)
    assert told[:2] == ["stalled begun", "drift.opened"]
    assert {event["window"]["coverage"] for event in events if event["type"] == "drift.opened"} == {0.5}
    assert told.count("drift.opened") == 1
    (resolved,) = [event for event in events if event["type"] == "drift.resolved"]
    assert (resolved["window"]["coverage"], resolved["window"]["n"]) == (1.0, 240)
    ledger = stage.remembered().ledger
    assert (ledger.counted, ledger.late) == (1440, 0)
    assert outcome(stage)[3] is None


def test_without_patience_windows_wait_and_the_drift_events_are_those_of_an_undisturbed_run(
    fed: Callable[..., Any],
) -> None:
    """Only health events are added: a wait begins and ends; every other event is the same, id and content."""
    waited, in_time = fed(), fed()
    Troupe(waited).play()
    in_time.drain(in_time.counter(), in_time.judge())
    health = [event for event in waited.events() if event["type"] == "monitor.health"]
    assert short(health) == ["stalled begun", "stalled ended", "lagging begun", "lagging ended"]
    assert [event for event in waited.events() if event["type"] != "monitor.health"] == in_time.events()
    assert "drift.opened" in short(in_time.events())


@pytest.mark.parametrize("fault", get_args(Fault))
def test_a_fault_at_any_commit_changes_nothing(fault: Fault, fed: Callable[..., Any]) -> None:
    """In the middle of a wait, of windows tested early, of a partition that comes back; each fault at its third."""
    expected = fed(patience="5s")
    Troupe(expected).play()
    for number in range(get_args(Fault).index(fault) % 3, expected.log.commits, 3):
        stage = fed(patience="5s")
        stage.log.fail_next(fault, after=number)
        Troupe(stage).play()
        assert outcome(stage) == outcome(expected), f"{fault} at commit {number}"


def test_a_process_dropped_after_any_other_step_changes_nothing(fed: Callable[..., Any]) -> None:
    """What windows wait for, since when, and which were tested early is in the memory that is written."""
    expected = fed(patience="5s")
    steps = Troupe(expected).play().steps
    for number in range(1, steps + 1, 2):
        stage = fed(patience="5s")
        Troupe(stage, dropped_after=number).play()
        assert outcome(stage) == outcome(expected), f"dropped after step {number}"
