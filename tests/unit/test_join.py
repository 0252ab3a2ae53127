"""The window of predictions that wait: which label meets which of them, and when one is let go."""

from collections import Counter

import pytest

from stream.join import JoinLimits, JoinWindow, Prediction
from stream.join_ledger import Delays, JoinLedger


def window(*predictions: tuple[int, int, str], most: int = 100, labelled: tuple[int, ...] = ()) -> JoinWindow:
    """Return a window of predictions (offset, time, id) that wait for 1,000 ms."""
    made = JoinWindow(JoinLimits(1_000, most))
    made.expect_labelled(labelled)
    for offset, time_ms, prediction_id in predictions:
        made.add(Prediction(offset, time_ms, prediction_id, b"body"))
    return made


def settle(made: JoinWindow, label_id: str, time_ms: int = 0) -> str:
    """Let a label come that fits; return its fate."""
    fate, prediction = made.meet(label_id, time_ms)
    if prediction is not None:
        made.settle(prediction)
    return fate


def test_the_first_label_counts_and_the_others_are_duplicates() -> None:
    """A prediction is labelled once; what comes for an id that is not there is unmatched."""
    made = window((5, 0, "a"))
    assert [settle(made, "a"), settle(made, "a"), settle(made, "b")] == ["matched", "duplicate", "unmatched"]
    assert made.waiting == 0


def test_looking_for_a_prediction_changes_nothing() -> None:
    """A label that turns out to be unfit leaves its prediction waiting for a better one."""
    made = window((5, 0, "a"))
    assert made.meet("a", 0)[0] == made.meet("a", 0)[0] == "matched"
    assert made.waiting == 1


@pytest.mark.parametrize(("time_ms", "fate"), [(1_000, "matched"), (1_001, "late")])
def test_a_label_may_come_as_late_as_predictions_wait(time_ms: int, fate: str) -> None:
    """To the millisecond, by the records' own times, whatever the window still holds."""
    assert settle(window((5, 0, "a")), "a", time_ms) == fate


def test_what_no_label_can_meet_any_more_is_let_go() -> None:
    """Labelled ones leave in silence, the others are counted; nothing behind one that must stay leaves."""
    made = window((1, 0, "a"), (2, 10, "b"), (3, 500, "c"), (4, 20, "d"))
    settle(made, "a")
    assert made.forget(1_010) == Counter()
    assert made.oldest == 2
    assert made.forget(1_400) == Counter(expired=1)
    assert (made.oldest, len(made), made.waiting) == (3, 2, 2)
    assert made.forget(10_000) == Counter(expired=2)
    assert (made.oldest, made.waiting) == (None, 0)


def test_the_oldest_make_room() -> None:
    """A window holds so many predictions and no more, labelled or not."""
    made = window(*((offset, 0, str(offset)) for offset in range(6)), most=3)
    settle(made, "1")
    assert made.forget(0) == Counter(crowded_out=2)
    assert (made.oldest, made.waiting) == (3, 3)


def test_an_id_that_comes_again_waits_behind_the_first() -> None:
    """While the first is in the window it is meant; once it has left, the next one is."""
    made = window((1, 0, "a"), (2, 600, "a"), (3, 700, "a"))
    assert [settle(made, "a"), settle(made, "a")] == ["matched", "duplicate"]
    made.forget(1_500)
    assert [settle(made, "a"), settle(made, "a")] == ["matched", "duplicate"]
    made.forget(1_650)
    assert made.forget(9_000) == Counter(expired=1)
    assert settle(made, "a") == "unmatched"


def test_what_was_labelled_before_does_not_wait_again() -> None:
    """A window that is read back is the one that was left, whatever of it is labelled."""
    made = window((1, 0, "a"), (2, 0, "b"), labelled=(2,))
    assert made.waiting == 1
    assert [settle(made, "a"), settle(made, "b")] == ["matched", "duplicate"]


def test_ledgers_add_up_entry_by_entry() -> None:
    """The ledger of several lanes is that of all their predictions and labels."""
    one, other = JoinLedger(predictions=3, waiting=3), JoinLedger(predictions=1, foreign=1)
    one.note_label("matched")
    one.note_label("late")
    one.note_gone(Counter(expired=1))
    other.note_label("unmatched")
    one.add(other)
    assert one.balanced()
    assert (one.predictions, one.waiting, one.labelled, one.labels) == (4, 1, 1, 3)
    assert one.match_rate == 0.5
    one.waiting += 1
    assert not one.balanced()


def test_delays_fall_into_steps_whose_ends_are_included() -> None:
    """A label of the same moment is not early; what is longer than all steps is in the last."""
    delays = Delays()
    for delay_ms in (-1, 0, 10_000, 10_001, 31 * 86_400_000):
        delays.note(delay_ms)
    assert delays.steps == [1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert (delays.count, delays.least_ms, delays.most_ms) == (5, -1, 31 * 86_400_000)
    assert sum(step["labels"] for step in JoinLedger(delays=delays).to_dict()["label_delay"]["steps"]) == 5
