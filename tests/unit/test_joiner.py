"""The joiner: what it makes of predictions and labels, and what it has to go on with."""

import json
from typing import TYPE_CHECKING, Any

import pytest

import consumers.joiner
from consumers.decode.pairs import LabelReader, PredictionReader
from consumers.lane import read_lane_note
from consumers.raw import RawRecord
from consumers.source import LogUnavailable, Position
from tests.joining import EARLY_MS, HOUR_MS, START_MS, JoinStage, drain

if TYPE_CHECKING:
    from consumers.facts import LabelsJoined


def test_a_labelled_event_is_an_event_with_what_is_known_now() -> None:
    """Its features are the inputs, the target and the errors; it has the label's time, and says where it is from."""
    stage = JoinStage()
    stage.predict("a", 0, partition=1, country="DE")
    stage.label("a", 5_000, partition=1)
    drain(stage.joiner())
    (record,) = stage.log.records("labelled", 1)
    assert record.key == b"a"
    added = {"target": 2.0, "prediction": 1.5, "residual": 0.5, "loss": 0.5}
    assert stage.labelled() == [
        {
            "id": "a",
            "ts": START_MS,
            "label_ts": START_MS + 5_000,
            "country": "DE",
            "features": {"age": 40, **{f"driftline.{name}": value for name, value in added.items()}},
            "source": {"partition": 1, "offset": 0, "topic_id": "events#1"},
        }
    ]


def test_every_prediction_and_every_label_is_in_one_entry_of_the_ledger() -> None:
    """Labelled, waiting, foreign, rejected; matched, duplicate, unmatched, rejected: each is there, all add up."""
    stage = JoinStage()
    for event_id in ("a", "b", "c", ""):
        stage.predict(event_id, 0)
    stage.predict("d", 0, model="other")
    stage.predict("e", 0, prediction=None)
    stage.log.append("events", b"{", timestamp_ms=START_MS)
    for event_id in ("a", "a", "b", "z", ""):
        stage.label(event_id, 1_000)
    stage.label("c", 1_000, value="many")
    drain(stage.joiner())
    ledger = stage.ledger()
    assert ledger.balanced()
    told = ledger.to_dict()
    assert {name: count for name, count in told["predictions"].items() if count} == {
        "read": 7,
        "waiting": 1,
        "labelled": 2,
        "foreign": 1,
        "rejected": {"bad_id": 1, "bad_json": 1, "no_prediction": 1},
    }
    assert {name: count for name, count in told["labels"].items() if count} == {
        "read": 6,
        "matched": 2,
        "duplicate": 1,
        "unmatched": 1,
        "rejected": {"bad_id": 1, "bad_label": 1},
    }
    assert (told["match_rate"], told["label_delay"]["mean_s"]) == (1.0, 1.0)


def test_dead_letters_are_written_once_and_with_their_reason() -> None:
    """An event that is none for the counter either has its dead letter there, and only there."""
    stage = JoinStage()
    stage.log.append("events", b"{", timestamp_ms=START_MS)
    stage.predict(None, 0)
    stage.label("a", 0, value=[])
    stage.predict("a", 0, partition=1)
    stage.log.append("labels", b'{"id": "a", "label": %b}' % (b"[" * 900 + b"]" * 900), partition=1, timestamp_ms=1)
    drain(stage.joiner())
    headers = [dict(record.headers) for record in stage.log.records("rejects")]
    told = {(head["driftline_topic"], head["driftline_offset"], head["driftline_reason"]) for head in headers}
    assert told == {(b"events", b"1", b"no_id"), (b"labels", b"0", b"bad_label")}
    assert stage.ledger().labels_rejected == {"bad_label": 1}


def test_a_label_that_does_not_fit_leaves_its_prediction_waiting() -> None:
    """The next label may fit: it is no duplicate."""
    stage = JoinStage()
    stage.predict("a", 0)
    stage.label("a", 1_000, value="many")
    stage.label("a", 2_000)
    drain(stage.joiner())
    assert stage.ids() == ["a"]
    assert stage.reasons() == ["bad_label"]


def test_a_label_waits_for_predictions_that_may_still_come() -> None:
    """It is joined once the events have gone on for a minute of their time, also with one that came after it."""
    stage = JoinStage()
    joiner = stage.joiner()
    stage.label("a", 0)
    drain(joiner, finish=False)
    stage.predict("a", EARLY_MS - 1)
    joiner.step(0.0)
    assert (stage.ids(), stage.ledger().labels) == ([], 0)
    stage.predict("b", EARLY_MS)
    joiner.step(0.0)
    assert stage.ids() == ["a"]


def test_where_events_have_stopped_a_label_waits_by_the_clock() -> None:
    """A minute after it was read, when nothing more has come, it is joined or unmatched."""
    now_s = [0.0]
    stage = JoinStage()
    joiner = stage.joiner(clock=lambda: now_s[0])
    stage.predict("a", 0)
    stage.label("a", 0)
    stage.label("z", 0)
    for now_s[0], joined in ((0.0, 0), (EARLY_MS / 1000 - 1, 0), (EARLY_MS / 1000, 2)):
        joiner.step(0.0)
        joiner.step(0.0)
        assert stage.ledger().labels == joined


def test_a_label_from_the_future_holds_back_no_other() -> None:
    """A clock that runs ahead delays the labels behind it by the clock, while events go on; nothing expires by it."""
    now_s = [0.0]
    stage = JoinStage()
    joiner = stage.joiner(clock=lambda: now_s[0])
    stage.predict("a", 0)
    stage.label("z", 10_000 * HOUR_MS)
    stage.label("a", 1_000)
    for number in range(5):
        stage.predict(f"b{number}", 2_000 + number)
        now_s[0] += EARLY_MS / 1000
        joiner.step(0.0)
    assert stage.ids() == ["a"]
    assert stage.ledger().waiting == 5


def test_marks_of_transactions_behind_the_last_event_hold_back_no_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a partition may lie behind its last record for ever; what counts is that nothing more is there."""
    now_s = [0.0]
    stage = JoinStage()
    joiner = stage.joiner(clock=lambda: now_s[0])
    ends = joiner._events.end_offsets
    monkeypatch.setattr(joiner._events, "end_offsets", lambda: {place: end + 1 for place, end in ends().items()})
    stage.predict("a", 0)
    stage.label("a", 0)
    for now_s[0] in (0.0, EARLY_MS / 1000):
        joiner.step(0.0)
        joiner.step(0.0)
    assert stage.ids() == ["a"]


def test_labels_far_ahead_of_their_events_stay_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A joiner that has a week of events to read does not take a week of labels into its memory meanwhile."""
    monkeypatch.setattr(consumers.joiner, "_MOST_HELD", 5)
    stage = JoinStage()
    for number in range(60):
        stage.predict(number, number * EARLY_MS)
        stage.label(number, number * EARLY_MS)
    joiner = stage.joiner(most_events=2, most_labels=3)
    held = 0
    while len(stage.ids()) < 50:
        joiner.step(0.0)
        held = max(held, len(joiner.lanes["events", 0].held))
    assert held == 5
    drain(joiner)
    assert len(stage.ids()) == 60


def test_predictions_wait_no_longer_than_told() -> None:
    """Once labels and events both are past the wait, what has none is unlabelled, and its label unmatched."""
    stage = JoinStage()
    joiner = stage.joiner()
    stage.predict("a", 0)
    stage.predict("b", HOUR_MS + 1)
    drain(joiner)
    ledger = stage.ledger()
    assert (ledger.waiting, ledger.unlabelled) == (1, {"expired": 1})
    stage.label("a", HOUR_MS + 2)
    drain(joiner)
    assert stage.ledger().unmatched == 1


def test_labels_that_are_still_to_be_read_keep_their_predictions() -> None:
    """A joiner that was away for long reads many events at once: none expires before labels of its time are read."""
    stage = JoinStage()
    for number in range(50):
        stage.predict(number, number * HOUR_MS // 4)
        stage.label(number, number * HOUR_MS // 4 + HOUR_MS // 8)
    drain(stage.joiner(most_events=50, most_labels=1))
    assert len(stage.ids()) == 50


def test_memory_is_bounded_by_number() -> None:
    """The oldest predictions make room, and are counted."""
    stage = JoinStage(most=10)
    joiner = stage.joiner()
    for number in range(25):
        stage.predict(number, number)
    drain(joiner)
    assert stage.ledger().unlabelled == {"crowded_out": 15}
    assert len(joiner.lanes["events", 0].window) == 10


def test_a_successor_reads_back_no_more_than_the_window() -> None:
    """From the oldest prediction on, not from the beginning; and it knows which of them are labelled."""
    stage = JoinStage()
    for number in range(40):
        stage.predict(number, number * HOUR_MS // 10)
        stage.label(number, number * HOUR_MS // 10 + 1)
    drain(stage.joiner())
    note = read_lane_note(stage.log.committed("joiners")["events", 0].note)
    assert note.since == 29
    stage.log.expel_all("joiners")
    successor = stage.joiner()
    drain(successor)
    assert [len(lane.window) for lane in successor.lanes.values()] == [11, 0]
    assert (successor.lanes["events", 0].window.waiting, stage.ledger().labelled) == (0, 40)


def test_the_labelled_topic_is_read_back_from_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark is set now and then, and leaves out no labelled event of the window."""
    monkeypatch.setattr(consumers.joiner, "_MARK_EVERY", 5)
    stage = JoinStage()
    joiner = stage.joiner(most_events=5, most_labels=4)
    for number in range(40):
        stage.predict(number, number * HOUR_MS // 10)
        stage.label(number, number * HOUR_MS // 10 + 1)
    drain(joiner)
    note = read_lane_note(stage.log.committed("joiners")["events", 0].note)
    labelled = stage.labelled()
    assert (
        10
        < note.labelled_since
        <= next(at for at, found in enumerate(labelled) if found["source"]["offset"] >= note.since)
    )


def test_predictions_that_the_log_has_lost_are_counted() -> None:
    """What a successor does not find any more waits in vain, and the ledger says so."""
    stage = JoinStage()
    for number in range(5):
        stage.predict(number, number)
    drain(stage.joiner())
    stage.log.expel_all("joiners")
    archive_gone = stage.joiner()
    archive_gone._archive = _Empty()  # type: ignore[assignment]  # stands for a topic whose retention has passed
    archive_gone.step(0.0)
    drain(archive_gone)
    ledger = stage.ledger()
    assert (ledger.waiting, ledger.unlabelled, ledger.balanced()) == (0, {"gone": 5}, True)


class _Empty:
    def read(self, *_: Any) -> Any:
        return iter(())

    def ends(self, places: Any) -> Any:
        return dict.fromkeys(places, 0)

    def close(self) -> None:
        """Hold nothing."""


def test_positions_that_are_lost_label_nothing_twice() -> None:
    """Read from the beginning again, what is labelled is known by the labelled topic, and labels are duplicates."""
    stage = JoinStage()
    for number in range(10):
        stage.predict(number, number)
    for number in range(5):
        stage.label(number, number)
    drain(stage.joiner())
    stage.log.expel_all("joiners")
    stage.log.forget_positions("joiners")
    for number in range(10):
        stage.label(number, number)
    drain(stage.joiner())
    assert len(stage.ids()) == len(set(stage.ids())) == 10
    assert stage.ledger().balanced()


@pytest.mark.parametrize("topic", ["events", "labels"])
def test_a_topic_that_is_created_again_is_read_from_its_beginning(topic: str) -> None:
    """Its offsets mean other records: nothing of the old one is taken for labelled, or skipped."""
    stage = JoinStage()
    joiner = stage.joiner()
    stage.predict("a", 0)
    stage.label("a", 0)
    drain(joiner)
    stage.log.recreate(topic)
    stage.predict("b", 0)
    stage.label("b", 0)
    with_patience(joiner)
    assert stage.ids() == ["a", "b"]


def with_patience(joiner: Any) -> None:
    """Drain as the service does: a step that failed is tried again."""
    for _ in range(5):
        try:
            drain(joiner)
        except LogUnavailable:
            continue
        return


def test_offsets_moved_by_hand_are_gone_on_from() -> None:
    """Without a note the lane has no past but what the labelled topic tells."""
    stage = JoinStage()
    stage.predict("a", 0)
    stage.predict("b", 0)
    drain(stage.joiner())
    stage.log.expel_all("joiners")
    stage.log.commit([], {("events", 0): Position(1, "moved by hand")}, stage.log.join("joiners", "events"))
    stage.log.expel_all("joiners")
    stage.label("a", 0)
    stage.label("b", 0)
    drain(stage.joiner())
    assert stage.ids() == ["b"]
    assert stage.ledger().unmatched == 1


def test_a_lane_that_is_as_it_was_committed_is_not_read_back() -> None:
    """A rebalance costs nothing where partitions stay."""
    stage = JoinStage()
    stage.predict("a", 0)
    joiner = stage.joiner()
    drain(joiner)
    known = dict(joiner.lanes)
    stage.log.rebalance("joiners")
    stage.label("a", 0)
    drain(joiner)
    assert all(joiner.lanes[place] is lane for place, lane in known.items())
    assert stage.ids() == ["a"]


def test_each_step_is_told_once() -> None:
    """What a step adds to the ledger, and how many predictions wait in this process."""
    told: list[LabelsJoined] = []

    class Ear:
        def note(self, fact: Any) -> None:
            told.append(fact)

    stage = JoinStage()
    for number in range(3):
        stage.predict(number, 0)
    stage.label(1, 0)
    drain(stage.joiner(observer=Ear()))
    assert [
        (fact.growth.predictions, fact.growth.labels, fact.waiting) for fact in told if fact.growth.predictions
    ] == [(3, 0, 3)]
    assert sum(fact.growth.labels for fact in told) == 1
    assert told[-1].waiting == 2


def test_what_is_idle_commits_nothing() -> None:
    """Steps without records are no transactions."""
    stage = JoinStage()
    stage.predict("a", 0)
    joiner = stage.joiner()
    drain(joiner)
    commits = stage.log.commits
    for _ in range(3):
        joiner.step(0.0)
    assert stage.log.commits == commits


def test_a_labelled_event_that_is_no_plain_json_is_written_all_the_same() -> None:
    """Integers of any length and half surrogate pairs come from clients of other languages."""
    stage = JoinStage()
    number = b"123456789012345678901234567890"
    body = b'{"ts": 1, "id": "a\\ud800", "features": {"n": %b}, "prediction": 1, "model": "m"}' % number
    stage.log.append("events", body, timestamp_ms=1)
    stage.log.append("labels", b'{"id": "a\\ud800", "label": 1}', timestamp_ms=1)
    drain(stage.joiner())
    assert [
        json.loads(record.value or b"")["features"]["driftline.loss"] for record in stage.log.records("labelled")
    ] == [0.0]


def test_a_record_that_breaks_its_reader_stops_no_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of a reader costs its record, with a reason; passed on, it would be met again by whoever comes next."""

    def faulty(read: Any) -> Any:
        def broken(self: Any, raw: RawRecord, record_ms: int | None) -> Any:
            if b"poison" in (raw.value or b""):
                raise ZeroDivisionError("a fault")
            return read(self, raw, record_ms)

        return broken

    for reader in (PredictionReader, LabelReader):
        monkeypatch.setattr(reader, "read", faulty(reader.read))
    stage = JoinStage()
    for number, event_id in enumerate(("a", "poison", "b")):
        stage.predict(event_id, number)
        stage.label(event_id, 5_000 + number)
    drain(stage.joiner())
    ledger = stage.ledger()
    assert (stage.ids(), ledger.balanced()) == (["a", "b"], True)
    assert (ledger.rejected["undecodable"], ledger.labels_rejected["undecodable"]) == (1, 1)
    # The counter's own reader writes the dead letter of the event.
    assert stage.reasons() == ["undecodable"]
