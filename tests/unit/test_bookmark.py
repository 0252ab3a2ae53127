"""The bookmark: where a judge reads on, whatever became of its group's offset."""

import pytest

from consumers.bookmark import Bookmark


@pytest.mark.parametrize("committed", [0, 4, 10, 99])
def test_where_the_panes_end_is_where_reading_goes_on(committed: int) -> None:
    """Kafka's own offset may be forgotten or moved; that of the memory was written with the panes."""
    assert Bookmark(10, "a").begin(committed, "a") == 10
    assert Bookmark(10, "").begin(committed, "a") == 10
    assert Bookmark(10, "a").begin(committed, "") == 10


def test_an_offset_of_another_topic_is_none() -> None:
    """A topic created again, or a memory from before offsets were kept: the group's offset is all there is."""
    assert Bookmark(10, "a").begin(3, "b") == 3
    assert Bookmark().begin(3, "b") == 3
