"""Partitions shared by processes that come, go, die and wake: every event is counted once, and judged the same."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumers.counter import Counter
from consumers.judge import Judge
from consumers.memory_log import Crash, Fault
from consumers.source import LogUnavailable
from stream.panes import Pane

# What may happen next: a counter's or the judge's step, somebody joining, leaving, dying, sleeping on as a zombie, a
# rebalance, or a failure of the next commit.
ACTIONS = ["count"] * 6 + ["judge"] * 3 + ["join", "leave", "die", "rebalance", "new judge"]
FAULTS: list[Fault] = ["refused", "rebalanced", "answer_lost", "crash_before", "crash_after"]


class Crowd:
    """Counters and one judge over one log, and the zombies that do not know that they are dead."""

    def __init__(self, stage: Any) -> None:
        self.stage = stage
        self.counters: list[Counter] = [stage.counter(most_records=90)]
        self.judge: Judge = stage.judge(most_records=8)

    def do(self, action: str, who: int) -> None:
        """Let one thing happen; ``who`` chooses among the counters."""
        chosen = who % len(self.counters)
        if action == "count":
            self._step(self.counters[chosen], chosen)
        elif action == "judge":
            self._step(self.judge, None)
        elif action == "join":
            self.counters.append(self.stage.counter(most_records=40 + who))
        elif action == "rebalance":
            self.stage.log.rebalance("counters")
        elif action == "new judge":
            self._replace_judge()
        elif action in {"leave", "die"} and len(self.counters) > 1:
            gone = self.counters.pop(chosen)
            if action == "leave":
                gone.close()
            else:
                # The broker gives up on all of them; those that live join again at their next step.
                self.stage.log.expel_all("counters")

    def finish(self) -> None:
        """Count and judge what is left, with whoever is there; nobody may need long for it."""
        for _ in range(200):
            if self._all_counted():
                break
            for number in range(len(self.counters)):
                self._step(self.counters[number], number)
        assert self._all_counted()
        ends = self.judge.end_offsets()
        for _ in range(200):
            self._step(self.judge, None)
            if self.judge.caught_up(ends) and self._judge_finished():
                return
        raise AssertionError("the judge did not come to its end")

    def _judge_finished(self) -> bool:
        """Let the judge write what is left; what befalls that commit, too, is only another attempt."""
        try:
            self.judge.finish()
        except LogUnavailable:
            return False
        except Crash:
            self._replace_judge()
            return False
        return True

    def _all_counted(self) -> bool:
        committed = self.stage.log.committed("counters")
        ends = self.counters[0].end_offsets()
        return all(place in committed and committed[place].offset == end for place, end in ends.items())

    def _step(self, loop: Counter | Judge, number: int | None) -> None:
        try:
            loop.step(0.0)
        except LogUnavailable:
            return
        except Crash:
            if number is None:
                self._replace_judge()
            else:
                self.stage.log.expel_all("counters")
                self.counters[number] = self.stage.counter(most_records=90)

    def _replace_judge(self) -> None:
        self.stage.log.expel_all("judges")
        self.judge = self.stage.judge(most_records=8)


def counted(stage: Any) -> dict[int, Any]:
    """Return everything that the counts topic adds up to."""
    return {start: plain(pane) for start, pane in stage.counted().items()}


def plain(pane: Pane) -> Any:
    """Return everything that a pane holds."""
    counts = pane.counts
    return counts.rows, counts.cells.tolist(), counts.moments.tolist(), counts.names, pane.offsets, pane.first_ms


@pytest.fixture(scope="module")
def expected(stage_assembly: Callable[..., Any], incident_lines: list[bytes], make_stage: Callable[[], Any]) -> Any:
    """Return events, counts and ledger of one counter and one judge that nobody disturbs."""
    stage = make_stage()
    stage.drain(stage.counter(), stage.judge())
    return stage.events(), counted(stage), stage.remembered().ledger.to_dict()


@pytest.fixture(scope="module")
def make_stage(stage_assembly: Callable[..., Any], new_stage: Any, incident_lines: list[bytes]) -> Callable[[], Any]:
    """Return a function that makes a new stage with the stream on it."""
    assembly = stage_assembly()

    def make() -> Any:
        stage = new_stage(assembly)
        stage.feed(incident_lines)
        return stage

    return make


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    actions=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5)), max_size=60),
    faults=st.dictionaries(st.integers(0, 40), st.sampled_from(FAULTS), max_size=6),
)
def test_whoever_reads_and_however_they_end_the_events_are_the_same(
    actions: list[tuple[str, int]], faults: dict[int, Fault], make_stage: Callable[[], Any], expected: Any
) -> None:
    """Counters may join, leave, die, be rebalanced and fail: the outcome is that of one undisturbed process."""
    stage = make_stage()
    for number, fault in faults.items():
        stage.log.fail_next(fault, after=number)
    crowd = Crowd(stage)
    for action, who in actions:
        crowd.do(action, who)
    crowd.finish()
    assert (stage.events(), counted(stage), stage.remembered().ledger.to_dict()) == expected


def test_a_zombie_that_wakes_after_its_partitions_went_counts_nothing_twice(
    make_stage: Callable[[], Any], expected: Any
) -> None:
    """A counter that slept between poll and commit, while another took over and finished, is refused."""
    stage = make_stage()
    zombie = stage.counter(most_records=300)
    zombie.step(0.0)
    polled_before = stage.log.committed("counters")
    successor: list[Counter] = []

    def take_over() -> None:
        stage.log.expel_all("counters")
        successor.append(stage.counter())
        ends = successor[0].end_offsets()
        while not successor[0].caught_up(ends):
            successor[0].step(0.0)

    stage.log.before_commit(take_over)
    with pytest.raises(LogUnavailable, match="membership"):
        zombie.step(0.0)
    assert stage.log.committed("counters") != polled_before
    judge = stage.judge()
    stage.drain(successor[0], judge)
    assert (stage.events(), counted(stage), stage.remembered().ledger.to_dict()) == expected
