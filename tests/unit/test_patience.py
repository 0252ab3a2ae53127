"""When a label has waited for its prediction long enough, by the clock."""

from consumers.patience import Patience

PLACE = ("events", 0)


def test_what_was_in_the_log_must_be_read_and_the_time_be_over() -> None:
    """Both: events that are still to be read may hold the prediction, and so may those that are on their way."""
    now_s = [0.0]
    patience = Patience(2_000, lambda: now_s[0])
    ends = {PLACE: 10}
    assert patience.released_to(PLACE, 5, 7, lambda: ends) == 0
    ends[PLACE] = 99
    now_s[0] = 1.9
    assert patience.released_to(PLACE, 6, 10, lambda: ends) == 0
    now_s[0] = 2.0
    assert patience.released_to(PLACE, 8, 9, lambda: ends) == 0
    assert patience.released_to(PLACE, 8, 10, lambda: ends) == 5


def test_labels_that_came_meanwhile_wait_anew() -> None:
    """They are released after a wait of their own, and so is everything when partitions have changed hands."""
    now_s = [0.0]
    patience = Patience(1_000, lambda: now_s[0])
    patience.released_to(PLACE, 5, 0, dict)
    now_s[0] = 1.0
    assert patience.released_to(PLACE, 8, 0, dict) == 5
    assert patience.released_to(PLACE, 8, 0, dict) == 0
    now_s[0] = 1.5
    patience.forget()
    assert patience.released_to(PLACE, 8, 0, dict) == 0
    now_s[0] = 2.4
    assert patience.released_to(PLACE, 8, 0, dict) == 0
