"""Which topics have stood behind each name: a topic that is deleted and created again is another source.

Its offsets begin at 0 again, and what was known of the old one's partitions says nothing of the new one's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from consumers.records import PaneChunk


@dataclass(slots=True)
class TopicLives:
    """The ids that each topic has had, the latest last; a name without ids is one whose log gives none."""

    ids: dict[str, list[str]] = field(default_factory=dict)

    def see(self, topic_ids: Mapping[str, str]) -> list[str]:
        """Take what a counter read; return the names that stand for another topic from now on."""
        changed = []
        for topic, topic_id in topic_ids.items():
            known = self.ids.setdefault(topic, [])
            if topic_id not in known:
                known.append(topic_id)
                changed += [topic] if len(known) > 1 else []
        return changed

    def is_over(self, topic: str, topic_ids: Mapping[str, str]) -> bool:
        """Tell whether a counter spoke of a topic that has had a successor since."""
        known = self.ids.get(topic, [])
        return topic in topic_ids and topic_ids[topic] in known[:-1]

    def named(self, record: PaneChunk) -> PaneChunk:
        """Return a chunk whose offsets do not mix with other topics': all but the first have their id in the name."""
        offsets = {self._name(topic, record.topic_ids): spans for topic, spans in record.offsets.items()}
        return msgspec.structs.replace(record, offsets=offsets)

    def _name(self, topic: str, topic_ids: Mapping[str, str]) -> str:
        topic_id = topic_ids.get(topic)
        return topic if topic_id is None or topic_id == self.ids[topic][0] else f"{topic}@{topic_id}"
