"""What stands beside a committed offset of the joiner, and when its labels and predictions are past."""

from collections import Counter

from consumers.lane import HeldLabel, Lane, LaneNote, read_lane_note
from consumers.place_note import read_note
from stream.join import JoinLimits, JoinWindow, Prediction
from stream.join_ledger import JoinLedger

LIMITS = JoinLimits(1_000, 100)


def lane(**fields: int) -> Lane:
    """Return a lane whose events have reached 500."""
    made = Lane(JoinWindow(LIMITS), 10, **fields)
    made.window.reached_ms = 500
    return made


def test_a_note_says_all_that_a_successor_needs() -> None:
    """From where to read back, how far the labels are joined, and the whole ledger; Kafka takes 4 KB of it."""
    made = lane(labels_next=7)
    made.window.add(Prediction(3, 400, "a", b""))
    made.held.append(HeldLabel(5, b"", 600))
    made.marks.extend([(0, 0), (2, 11), (4, 12)])
    made.ledger = JoinLedger(predictions=9, waiting=1, unlabelled=Counter(expired=8))
    text = made.note("id").to_text()
    note = read_lane_note(text)
    assert (note.since, note.labelled_since, note.labels_next, note.topic_id) == (3, 11, 5, "id")
    assert note.read_ledger() == made.ledger
    assert Lane.opened(JoinWindow(LIMITS), 10, note).ledger.unlabelled["expired"] == 8
    assert len(text) < 2_000


def test_the_source_knows_of_which_topic_a_lane_speaks() -> None:
    """It reads every role's notes with the same eyes: another id is another topic."""
    assert read_note(LaneNote(topic_id="one").to_text()).is_of_another("other")


def test_words_of_a_tool_are_no_note() -> None:
    """Then a lane begins where the offset says, and has no past."""
    note = read_lane_note("moved by hand")
    assert note == LaneNote()
    assert Lane.opened(JoinWindow(LIMITS), 10, note).marks[0] == (10, 0)


def test_time_is_past_when_predictions_and_labels_have_passed_it() -> None:
    """Labels not yet joined hold it back; where none are left, the events tell it alone."""
    made = lane(labels_next=3, labels_reached_ms=300)
    assert made.expiry_ms(labels_at_end=False) == 300
    assert made.expiry_ms(labels_at_end=True) == 500
    made.held.append(HeldLabel(5, b"", 450))
    assert made.expiry_ms(labels_at_end=True) == 450


def test_labels_are_ripe_in_their_order() -> None:
    """One that is held back holds back those behind it; what was waited for long enough goes."""
    made = lane()
    made.held.extend(HeldLabel(offset, b"", record_ms) for offset, record_ms in ((1, 400), (2, 480), (3, -1)))
    assert [label.offset for label in made.ripe(100, 0)] == [1]
    assert made.joined_to == 2
    assert [label.offset for label in made.ripe(100, 3)] == [2, 3]
