"""Losses: only what was deleted before it was read counts, and each offset once."""

from collections.abc import Mapping, Sequence

from consumers.losses import LossWatch

PLACE = ("events", 0)


def watch(beginning: dict[str, int]) -> LossWatch:
    """Return a watch over one partition whose beginning the test moves."""

    def beginnings(places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        return dict.fromkeys(places, beginning["at"])

    return LossWatch(beginnings)


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

    losses = LossWatch(beginnings)
    losses.begin({PLACE: 0})
    losses.read({PLACE: range(100)})
    losses.read({PLACE: range(100, 200)})
    assert asked == [[PLACE]]
