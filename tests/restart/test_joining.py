"""Whatever befalls the joiner, the labelled events are those of an undisturbed run, each of them once."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from consumers.joiner import Joiner
from consumers.memory_log import Crash, Fault
from consumers.source import LogUnavailable
from tests.joining import HOUR_MS, JoinStage, drain

PREDICTIONS = 160


@pytest.fixture
def fed() -> Callable[[], JoinStage]:
    """Return a function that makes a new stage with everything in it that may befall predictions and labels."""

    def make() -> JoinStage:
        stage = JoinStage(most=40)
        for number in range(PREDICTIONS):
            at_ms = number * HOUR_MS // 30
            stage.predict(number, at_ms, partition=number % 2, model="other" if number % 20 == 7 else "m")
            if number % 4:
                stage.label(number, at_ms + 1_000, partition=number % 2)
            if number % 16 == 1:
                stage.label(number, at_ms + 2_000, value=3.0, partition=number % 2)
            if number % 24 == 4:
                stage.label(number, at_ms + 3_000, value="many", partition=number % 2)
            if number % 40 == 8:
                stage.label(f"nobody {number}", at_ms + 4_000, partition=number % 2)
        return stage

    return make


def outcome(stage: JoinStage) -> Any:
    """Return all that must not depend on what happened on the way."""
    rejects = sorted((record.value, sorted(record.headers)) for record in stage.log.records("rejects"))
    labelled = [[record.value for record in stage.log.records("labelled", part)] for part in (0, 1)]
    return stage.ledger(), labelled, rejects


def new(stage: JoinStage) -> Joiner:
    """Return a joiner that reads little at a time, so that there are many commits."""
    return stage.joiner(most_events=12, most_labels=12)


def drain_through(stage: JoinStage, dropped_after: int = -1) -> int:
    """Join to the end as the service does, and start anew after a crash; drop the process after so many steps."""
    joiner, steps = new(stage), 0
    ends = joiner.end_offsets()
    while True:
        try:
            joiner.step(0.0)
            if joiner.caught_up(ends):
                joiner.finish()
                return steps
        except LogUnavailable:
            continue
        except Crash:
            stage.log.expel_all("joiners")
            joiner = new(stage)
        steps += 1
        if steps == dropped_after:
            stage.log.expel_all("joiners")
            joiner = new(stage)


@pytest.fixture
def undisturbed(fed: Callable[[], JoinStage]) -> tuple[Any, int]:
    """Return what happens when nothing happens, and how many commits it takes."""
    stage = fed()
    drain_through(stage)
    return outcome(stage), stage.log.commits


def test_the_scenario_has_everything_in_it(undisturbed: tuple[Any, int]) -> None:
    """Predictions are labelled, waiting, foreign, expired and crowded out; labels are duplicate, unmatched, unfit."""
    (ledger, _, rejects), commits = undisturbed
    assert ledger.balanced()
    assert min(ledger.labelled, ledger.waiting, ledger.foreign, ledger.duplicate, ledger.unmatched) > 0
    assert set(ledger.unlabelled) == {"expired"}
    assert set(ledger.labels_rejected) == {"bad_label"}
    assert len(rejects) == ledger.labels_rejected["bad_label"]
    assert commits > 10


@pytest.mark.parametrize("fault", get_args(Fault))
def test_a_fault_at_any_commit_of_the_joiner_changes_nothing(
    fault: Fault, fed: Callable[[], JoinStage], undisturbed: tuple[Any, int]
) -> None:
    """Refused, rebalanced away, unanswered, crashed before or after: at every commit there is, the same in the end."""
    expected, commits = undisturbed
    for number in range(commits):
        stage = fed()
        stage.log.fail_next(fault, after=number)
        drain_through(stage)
        assert outcome(stage) == expected, f"{fault} at commit {number}"


def test_a_joiner_dropped_after_any_step_changes_nothing(
    fed: Callable[[], JoinStage], undisturbed: tuple[Any, int]
) -> None:
    """Between any two steps, those that read back among them, the process may end without closing anything."""
    steps = drain_through(fed())
    for number in range(1, steps + 1):
        stage = fed()
        drain_through(stage, dropped_after=number)
        assert outcome(stage) == undisturbed[0], f"dropped after step {number}"


def test_a_joiner_that_wakes_after_its_partitions_went_writes_nothing(fed: Callable[[], JoinStage]) -> None:
    """What a zombie has in memory is refused with its membership; the successor's pairs are the only ones."""
    stage = fed()
    zombie = new(stage)
    for _ in range(3):
        zombie.step(0.0)
    stage.log.before_commit(lambda: _replace(stage))
    with pytest.raises(LogUnavailable):
        zombie.step(0.0)
    drain(zombie)
    ids = stage.ids()
    assert len(ids) == len(set(ids))
    assert stage.ledger().balanced()


def _replace(stage: JoinStage) -> None:
    stage.log.expel_all("joiners")
    drain(new(stage))
