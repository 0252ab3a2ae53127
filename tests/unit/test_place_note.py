"""The note beside a committed offset."""

import pytest

from consumers.place_note import PlaceNote, read_note


def test_what_is_written_is_read() -> None:
    """A successor knows what its predecessor knew."""
    note = PlaceNote(5, "an-id")
    assert read_note(note.to_text()) == note


def test_a_note_of_before_topic_ids_is_read() -> None:
    """An update goes on where the older release stood."""
    assert read_note('{"newest_ms": 5, "version": 1}') == PlaceNote(5)


@pytest.mark.parametrize("note", ["", "moved by hand", "[]", '{"newest_ms": "x"}'])
def test_what_others_leave_is_no_note(note: str) -> None:
    """Whoever moves offsets leaves nothing of ours."""
    assert read_note(note) == PlaceNote()


@pytest.mark.parametrize(
    ("then", "now", "another"), [("a", "b", True), ("a", "a", False), ("", "b", False), ("a", "", False)]
)
def test_only_another_id_is_another_topic(then: str, now: str, *, another: bool) -> None:
    """Where either is not known, the offset is taken for one of this topic."""
    assert PlaceNote(topic_id=then).is_of_another(now) is another
