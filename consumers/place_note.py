"""What stands beside a committed offset: all that a counter needs to go on, and of which topics it speaks."""

import msgspec


class PlaceNote(msgspec.Struct, frozen=True):
    """The largest event time of the partition so far (UTC ms), and the topic's id.

    ``counts_id`` and ``counts_partition`` say where a counter has written; a judge, who writes no counts, leaves them.
    """

    newest_ms: int | None = None
    topic_id: str = ""
    version: int = 1
    counts_id: str = ""
    counts_partition: int = -1

    def to_text(self) -> str:
        """Return the note as it is committed."""
        return msgspec.json.encode(self).decode()

    def is_of_another(self, topic_id: str) -> bool:
        """Tell whether the offset beside this note is of an earlier topic of the same name."""
        return bool(self.topic_id and topic_id) and self.topic_id != topic_id


def read_note(note: str) -> PlaceNote:
    """Read what was committed beside an offset; tools that move offsets leave nothing, or their own words."""
    try:
        return msgspec.json.decode(note, type=PlaceNote)
    except msgspec.DecodeError:
        return PlaceNote()
