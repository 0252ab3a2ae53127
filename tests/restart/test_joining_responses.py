"""Whatever befalls the joiner of requests and responses on one topic, the pairs are those of an undisturbed run."""

from typing import Any, get_args

import pytest

from consumers.joiner import Joiner
from consumers.memory_log import Crash, Fault
from consumers.source import LogUnavailable
from tests.joining import HOUR_MS, JoinStage

REQUESTS = 60


def fed() -> JoinStage:
    """Return a stage with requests and responses on one topic; some are never answered, some twice, some of nobody."""
    stage = JoinStage(most=30, responses=True)
    for number in range(REQUESTS):
        at_ms, part = number * HOUR_MS // 20, number % 2
        rows = [[20.0 + number, "mobile"]] * (1 + number % 3)
        stage.log_half("request", f"r{number}", at_ms, {"instances": rows}, part)
        if number % 5:
            answers = [1.5 * number] * (len(rows) if number % 7 else 4)
            stage.log_half("response", f"r{number}", at_ms + 500, {"predictions": answers}, part)
        if number % 12 == 1:
            stage.log_half("response", f"r{number}", at_ms + 900, {"predictions": [0.0] * len(rows)}, part)
        if number % 15 == 2:
            stage.log_half("response", f"nobody {number}", at_ms + 950, {"predictions": [0.0]}, part)
    return stage


def outcome(stage: JoinStage) -> Any:
    """Return all that must not depend on what happened on the way."""
    rejects = sorted((record.value, sorted(record.headers)) for record in stage.log.records("rejects"))
    labelled = [[record.value for record in stage.log.records("labelled", part)] for part in (0, 1)]
    return stage.ledger(), labelled, rejects


def new(stage: JoinStage) -> Joiner:
    """Return a joiner that reads little at a time, so that there are many commits."""
    return stage.joiner(most_events=11, most_labels=9)


def drain_through(stage: JoinStage) -> None:
    """Join to the end as the service does, and start anew after a crash."""
    joiner = new(stage)
    ends = joiner.end_offsets()
    while True:
        try:
            joiner.step(0.0)
            if joiner.caught_up(ends):
                joiner.finish()
                return
        except LogUnavailable:
            continue
        except Crash:
            stage.log.expel_all("joiners")
            joiner = new(stage)


def test_every_record_of_the_topic_is_in_both_ledgers() -> None:
    """Responses are foreign among the requests, and requests among the responses; nothing is lost between them."""
    stage = fed()
    drain_through(stage)
    ledger, records = stage.ledger(), sum(len(stage.log.records("events", part)) for part in (0, 1))
    assert ledger.balanced()
    assert (ledger.predictions, ledger.labels) == (records, records)
    assert (ledger.predictions - ledger.foreign, ledger.labels_foreign) == (REQUESTS, REQUESTS)
    assert min(ledger.matched, ledger.duplicate, ledger.unmatched, ledger.waiting) > 0
    assert (set(ledger.labels_rejected), set(ledger.unlabelled)) == ({"bad_label"}, {"expired"})


@pytest.mark.parametrize("fault", get_args(Fault))
def test_a_fault_at_any_commit_changes_no_pair(fault: Fault) -> None:
    """Refused, rebalanced away, unanswered, crashed before or after: each request is answered once, by the first."""
    undisturbed = fed()
    drain_through(undisturbed)
    assert undisturbed.log.commits > 10
    for number in range(undisturbed.log.commits):
        stage = fed()
        stage.log.fail_next(fault, after=number)
        drain_through(stage)
        assert outcome(stage) == outcome(undisturbed), f"{fault} at commit {number}"
