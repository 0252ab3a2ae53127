"""Losses: only what was deleted before it was read counts, and each offset once."""

from collections.abc import Mapping, Sequence

from consumers.losses import LossWatch
from consumers.source import LogUnavailable

PLACE = ("events", 0)


def far(places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
    """Return ends behind everything."""
    return dict.fromkeys(places, 10**9)


def watch(beginning: dict[str, int]) -> LossWatch:
    """Return a watch over one partition whose beginning the test moves."""

    def beginnings(places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        return dict.fromkeys(places, beginning["at"])

    return LossWatch(beginnings, far)


def test_a_beginning_behind_what_is_committed_is_told_once() -> None:
    """Reading goes on at the beginning, and the offsets before it are lost, with or without a record."""
    losses = watch({"at": 80})
    assert losses.begin({PLACE: 50}) == {PLACE: 80}
    assert losses.read({}) == {PLACE: 30}
    assert losses.due(PLACE) == 80
    assert losses.read({PLACE: [80, 81]}) == {}


def test_who_has_committed_nothing_has_lost_nothing() -> None:
    """A group that is new on an old topic begins where the topic begins."""
    losses = watch({"at": 80})
    assert losses.begin({PLACE: None}) == {PLACE: 80}
    assert losses.read({PLACE: [80]}) == {}


def test_a_gap_whose_offsets_are_still_there_is_no_loss() -> None:
    """Transaction markers and compaction leave gaps, between polls and within one."""
    losses = watch({"at": 0})
    losses.begin({PLACE: 0})
    assert losses.read({PLACE: [0, 1, 3]}) == {}
    assert losses.read({PLACE: [5, 9]}) == {}


def test_of_a_gap_only_what_is_before_the_beginning_is_lost() -> None:
    """Of the offsets 1 to 6, those before 5 are gone; the rest was never a record."""
    beginning = {"at": 0}
    losses = watch(beginning)
    losses.begin({PLACE: 0})
    beginning["at"] = 5
    assert losses.read({PLACE: [0, 7, 8]}) == {PLACE: 4}
    assert losses.read({PLACE: [9]}) == {}


def test_beginning_anew_forgets_what_was_not_told() -> None:
    """What was found before a rewind is found again from the committed offset, not added to it."""
    losses = watch({"at": 80})
    losses.begin({PLACE: 50})
    losses.begin({PLACE: 50})
    assert losses.read({}) == {PLACE: 30}


def test_beginnings_are_asked_for_only_where_there_is_a_gap() -> None:
    """Offsets without a gap cost no request."""
    asked: list[Sequence[tuple[str, int]]] = []

    def beginnings(places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        asked.append(places)
        return dict.fromkeys(places, 0)

    losses = LossWatch(beginnings, far)
    losses.begin({PLACE: 0})
    losses.read({PLACE: range(100)})
    losses.read({PLACE: range(100, 200)})
    assert asked == [[PLACE]]


class Cut:
    """A log that ends at ``end``, and a clock that the test moves."""

    def __init__(self, end: int) -> None:
        self.end, self.now_s = end, 0.0
        self.losses = LossWatch(lambda places: dict.fromkeys(places, 0), self._ends, lambda: self.now_s, 10.0)

    def _ends(self, places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        return dict.fromkeys(places, self.end)

    def begin(self) -> Mapping[tuple[str, int], int] | None:
        """Begin at 50; None while that is to be tried again."""
        try:
            return self.losses.begin({PLACE: 50})
        except LogUnavailable:
            return None


def test_a_log_that_stays_too_short_is_read_on_from_the_end_it_had_first() -> None:
    """For ten seconds it may come back; what is written to it meanwhile is new, and none of it is stepped over."""
    cut = Cut(end=40)
    assert cut.begin() is None
    cut.now_s, cut.end = 9.9, 45
    assert cut.begin() is None
    cut.now_s = 10.0
    assert cut.begin() == {PLACE: 40}
    assert cut.losses.read({}) == {PLACE: 10}


def test_a_log_that_comes_back_has_lost_nothing() -> None:
    """A broker that has just become leader may not know the end; a later cut has its ten seconds again."""
    cut = Cut(end=40)
    assert cut.begin() is None
    cut.now_s, cut.end = 5.0, 50
    assert cut.begin() == {PLACE: 50}
    assert cut.losses.read({}) == {}
    cut.now_s, cut.end = 20.0, 30
    assert cut.begin() is None


def test_what_lies_before_what_is_due_is_noticed() -> None:
    """A client whose position is behind the end goes to the beginning; a gap, or a place not begun, is nothing."""
    losses = watch({"at": 0})
    losses.begin({PLACE: 50})
    assert losses.went_back({PLACE: [0, 1]})
    assert losses.went_back({PLACE: [49]})
    assert not losses.went_back({PLACE: [50, 51], ("events", 1): [0]})
    assert not losses.went_back({PLACE: [60]})


def test_moving_one_place_leaves_the_others() -> None:
    """Only that one is due elsewhere, and what was to be told of the other is told."""
    losses = watch({"at": 10})
    losses.begin({PLACE: 5, ("events", 1): 7})
    assert losses.move({PLACE: 30}) == {PLACE: 30}
    assert (losses.due(PLACE), losses.due(("events", 1))) == (30, 10)
    assert losses.read({}) == {("events", 1): 3}
