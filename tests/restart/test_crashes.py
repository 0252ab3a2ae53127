"""Whatever befalls counter and judge, what they publish and remember is what they would have undisturbed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import pytest

from consumers.counter import Counter
from consumers.judge import Judge
from consumers.memory_log import Crash, Fault
from consumers.source import LogUnavailable
from stream.panes import Pane

Loop = Counter | Judge


@dataclass(frozen=True)
class Outcome:
    """All that must not depend on what happened on the way."""

    events: list[dict[str, Any]]
    counted: dict[int, Any]
    held: dict[int, Any]
    ledger: dict[str, Any]
    rejects: list[tuple[bytes | None, dict[str, bytes]]]


def plain(pane: Pane | None) -> Any:
    """Return everything that a pane holds."""
    if pane is None:
        return None
    counts = pane.counts
    return counts.rows, counts.cells.tolist(), counts.moments.tolist(), counts.names, pane.offsets, pane.first_ms


def outcome(stage: Any) -> Outcome:
    """Read what the topics hold in the end."""
    book = stage.remembered()
    rejects = [(record.value, dict(record.headers)) for record in stage.log.records("rejects")]
    return Outcome(
        stage.events(),
        {start: plain(pane) for start, pane in stage.counted().items()},
        {start: plain(book.monitors.any.pane(start)) for start in book.monitors.any.pane_starts()},
        book.ledger.to_dict(),
        sorted(rejects, key=lambda reject: sorted(reject[1].items())),
    )


@pytest.fixture(scope="module")
def lines(incident_lines: list[bytes]) -> list[bytes | None]:
    """Return a stream with an incident, and now and then an event that is late, new, bad or no event at all."""
    mixed: list[bytes | None] = list(incident_lines)
    odd = [None, b"{", b'{"ts": 1700000000001, "features": {"age": 1, "device": "fridge"}}', incident_lines[0]]
    for number, event in enumerate(odd * 4):
        mixed.insert(60 + number * 80, event)
    # A late event first in a batch: only what stands beside the committed offset can tell that it is late.
    for number in range(120, len(mixed), 120):
        mixed.insert(number, incident_lines[1])
    mixed.insert(200, incident_lines[199].replace(b'"mobile"', b'"tablet"').replace(b'"desktop"', b'"tablet"'))
    return mixed


@pytest.fixture
def fed(stage: Callable[..., Any], lines: list[bytes | None]) -> Callable[[], Any]:
    """Return a function that makes a new stage with the whole stream on its events topic."""

    def make() -> Any:
        made = stage()
        made.feed(lines)
        return made

    return make


@pytest.fixture
def undisturbed(fed: Callable[[], Any]) -> tuple[Outcome, int]:
    """Return what happens when nothing happens, and how many commits it takes."""
    stage = fed()
    drain_through(stage)
    return outcome(stage), stage.log.commits


def drain_through(stage: Any, dropped_after: int = -1) -> int:
    """Count and judge to the end as the service does: try again when the log fails, start anew after a crash.

    Both read little at a time, so that many steps end between two commits. After ``dropped_after`` steps the process is
    dropped without a word. Returns how many steps it took.
    """
    steps = 0
    for group, new in (
        ("counters", partial(stage.counter, most_records=60)),
        ("judges", partial(stage.judge, most_records=5)),
    ):
        loop = new()
        ends = loop.end_offsets()
        while not done(loop, ends):
            try:
                loop.step(0.0)
                if loop.caught_up(ends):
                    loop.finish()
            except LogUnavailable:
                continue
            except Crash:
                loop = reborn(stage, group, new)
            steps += 1
            if steps == dropped_after:
                loop = reborn(stage, group, new)
    return steps


def done(loop: Loop, ends: Any) -> bool:
    """Tell whether the loop has read everything, and has nothing left to write."""
    return loop.caught_up(ends) and not (isinstance(loop, Judge) and any(b.next_offset for b in loop.books.values()))


def reborn(stage: Any, group: str, new: Callable[[], Loop]) -> Loop:
    """Drop the old process without a word, and start another one in its place."""
    stage.log.expel_all(group)
    return new()


def test_the_scenario_has_everything_in_it(undisturbed: tuple[Outcome, int]) -> None:
    """The undisturbed run opens and resolves an incident, and its ledger knows late and rejected events."""
    result, commits = undisturbed
    assert [event["type"] for event in result.events] == ["drift.opened", "drift.resolved"]
    assert result.ledger["late"] == 20
    assert result.ledger["rejected"] == {"bad_json": 4, "tombstone": 4}
    assert result.ledger["read"] == result.ledger["counted"] + 28
    assert len(result.rejects) == 8
    assert commits > 20


@pytest.mark.parametrize("fault", get_args(Fault))
def test_a_fault_at_any_commit_changes_nothing(
    fault: Fault, fed: Callable[[], Any], undisturbed: tuple[Outcome, int]
) -> None:
    """Refused, rebalanced away, unanswered, crashed before or after: at every commit there is, the same in the end."""
    expected, commits = undisturbed
    for number in range(commits):
        stage = fed()
        stage.log.fail_next(fault, after=number)
        drain_through(stage)
        assert outcome(stage) == expected, f"{fault} at commit {number}"


def test_several_faults_in_a_row_change_nothing(fed: Callable[[], Any], undisturbed: tuple[Outcome, int]) -> None:
    """Every second commit fails, each in another way."""
    stage = fed()
    for number in range(0, 100, 2):
        faults = get_args(Fault)
        stage.log.fail_next(faults[number // 2 % len(faults)], after=number)
    drain_through(stage)
    assert outcome(stage) == undisturbed[0]


def test_a_process_dropped_after_any_step_changes_nothing(
    fed: Callable[[], Any], undisturbed: tuple[Outcome, int]
) -> None:
    """Between any two steps the process may end without closing anything: the next one goes on exactly."""
    steps = drain_through(fed())
    assert steps > 25
    for number in range(1, steps + 1):
        stage = fed()
        drain_through(stage, dropped_after=number)
        assert outcome(stage) == undisturbed[0], f"dropped after step {number}"


def test_how_the_judge_reads_changes_nothing(fed: Callable[[], Any], undisturbed: tuple[Outcome, int]) -> None:
    """A judge that reads everything at once says what one says that reads five records at a time."""
    stage = fed()
    stage.drain(stage.counter(most_records=1), stage.judge())
    assert outcome(stage).events == undisturbed[0].events
    assert outcome(stage).counted == undisturbed[0].counted
