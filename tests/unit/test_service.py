"""The service: steps in turn, patience with the log, and an end when it is asked for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

import consumers.service
from consumers.service import Service
from consumers.source import LogRefused, LogUnavailable, Place
from stream.drift_event import DriftEvent


class Loop:
    """A loop that does what it is told, step by step."""

    def __init__(self, *steps: Callable[[], Sequence[DriftEvent]]) -> None:
        self.steps = list(steps)
        self.closed = 0
        self.gathered: list[float] = []

    def step(self, gather_s: float) -> Sequence[DriftEvent]:
        """Do the next step."""
        self.gathered.append(gather_s)
        return self.steps.pop(0)()

    def finish(self) -> Sequence[DriftEvent]:
        """Do nothing."""
        return ()

    def end_offsets(self) -> Mapping[Place, int]:
        """Return no ends."""
        return {}

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """Tell whether all steps are done."""
        assert ends == {}
        return not self.steps

    def close(self) -> None:
        """Count how often."""
        self.closed += 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a hundredth of the usual time."""
    monkeypatch.setattr(consumers.service, "_FIRST_WAIT_S", 0.002)
    monkeypatch.setattr(consumers.service, "_LONGEST_WAIT_S", 0.01)


def raising(error: Exception) -> Callable[[], Sequence[DriftEvent]]:
    """Return a step that raises."""

    def step() -> Sequence[DriftEvent]:
        raise error

    return step


def test_loops_are_stepped_in_turn_until_stopped(caplog: pytest.LogCaptureFixture) -> None:
    """Only the first loop waits for records; a stop ends after the round, and closes each loop once."""
    told: list[Any] = []

    def last() -> Sequence[DriftEvent]:
        service.stop()
        return ["b2"]  # type: ignore[list-item]

    first, second = Loop(lambda: ["a1"], lambda: ["a2"]), Loop(lambda: ["b1"], last)  # type: ignore[list-item]
    service = Service([first, second], told.append)
    service.run()
    assert told == ["a1", "b1", "a2", "b2"]
    assert min(first.gathered) > max(second.gathered)
    assert (first.closed, second.closed) == (1, 1)
    assert caplog.records == []


def test_an_unavailable_log_is_tried_again_with_longer_pauses(caplog: pytest.LogCaptureFixture) -> None:
    """A broker that goes away later is waited for: each failure is said, with its reason."""
    gone = raising(LogUnavailable("the broker is away"))

    def back() -> Sequence[DriftEvent]:
        service.stop()
        return ()

    loop = Loop(gone, gone, gone, back)
    service = Service([loop], lambda event: None)
    service.run()
    assert loop.steps == []
    assert [record.getMessage() for record in caplog.records] == [
        f"the broker is away; trying again in {wait:.1f} s" for wait in (0.002, 0.004, 0.008)
    ]


def test_stopping_ends_the_wait_for_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a broker that never comes back can be stopped at once."""
    monkeypatch.setattr(consumers.service, "_FIRST_WAIT_S", 60.0)

    def gone() -> Sequence[DriftEvent]:
        service.stop()
        raise LogUnavailable("away")

    loop = Loop(gone)
    service = Service([loop], lambda event: None)
    service.run()
    assert loop.closed == 1


def test_a_refusal_ends_it_and_closes_everything() -> None:
    """What a person must mend is not tried again."""
    first, second = Loop(raising(LogRefused("no right to read"))), Loop()
    with pytest.raises(LogRefused, match="no right"):
        Service([first, second], lambda event: None).run()
    assert (first.closed, second.closed) == (1, 1)


def test_a_burst_counts_first_and_judges_then(stage: Callable[..., Any], incident_lines: list[bytes]) -> None:
    """A burst ends by itself, when what was there is counted and then judged, and tells every event once."""
    made = stage()
    made.feed(incident_lines)
    told: list[DriftEvent] = []
    Service([made.counter(), made.judge()], told.append).run_burst()
    assert [event.type for event in told] == ["drift.opened", "drift.resolved"]
    assert [event.id for event in told] == [event["id"] for event in made.events()]
    assert made.remembered().ledger.counted == len(incident_lines)


@pytest.mark.parametrize("fault", ["refused", "rebalanced", "answer_lost"])
def test_a_burst_survives_a_failure_of_any_commit(
    fault: Any, stage: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """Its very last commit too, the one after everything was read: what failed is read again, not sent again."""
    commits = 20
    for number in range(commits):
        made = stage()
        made.feed(incident_lines)
        made.log.fail_next(fault, after=number)
        Service([made.counter(), made.judge(most_records=6)], lambda event: None).run_burst()
        assert [event["type"] for event in made.events()] == ["drift.opened", "drift.resolved"]
        assert made.remembered().ledger.counted == len(incident_lines)
        if made.log.commits <= number:
            break
    else:
        pytest.fail("the burst has more commits than this test looks at")


def test_a_burst_can_be_stopped() -> None:
    """A stop during a burst ends after the present step, with what was not counted left for later."""

    def stop() -> Sequence[DriftEvent]:
        service.stop()
        return ()

    loop = Loop(stop, lambda: ())
    service = Service([loop], lambda event: None)
    service.run_burst()
    assert len(loop.steps) == 1
    assert loop.closed == 1


def test_the_log_is_left_by_closing(stage: Callable[..., Any], incident_lines: list[bytes]) -> None:
    """After a run nobody is left in the groups: the next one owns every partition at once."""
    made = stage()
    Service([made.counter(), made.judge()], lambda event: None).run_burst()
    made.feed(incident_lines)
    Service([made.counter(), made.judge()], lambda event: None).run_burst()
    assert made.remembered().ledger.counted == len(incident_lines)
