"""How far a counts partition was read, kept with what was made of it: no record is judged twice, and none is left out.

Kafka forgets the offsets of a group that was empty for a week, and people move them. What the judge remembers was
written in one transaction with its panes, so where the two differ, it is the memory that is right.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The next offset (None: not known), and the id of the topic that it is of; an empty one is not known."""

    next_offset: int | None = None
    topic_id: str = ""

    def is_of_another(self, topic_id: str) -> bool:
        """Tell whether this is a place in an earlier topic of the same name."""
        return bool(self.topic_id and topic_id) and self.topic_id != topic_id

    def begin(self, committed: int, topic_id: str) -> int:
        """Return where to read on, in the topic that there is now, by a group that stands at ``committed``."""
        if self.next_offset is None or self.is_of_another(topic_id):
            return committed
        return self.next_offset
