"""What a rebalance may do here: raise a flag, nothing else.

kafka-python calls these on its IO thread while ours waits in ``poll`` or ``close``. A commit or a seek there would
block the very thread that has to answer it. So revocation is a state: the owner of the consumer looks at the flag after
each poll, forgets what it polled, and goes back to the committed positions of all partitions it still owns.
"""

import threading
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.structs import MemberState


class RebalanceFlag(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Remembers that the assignment changed until it is taken."""

    def __init__(self) -> None:
        self._changed = threading.Event()

    def on_partitions_assigned(self, assigned: Any) -> None:
        """Raise the flag: positions of what we own now must be looked up."""
        self._changed.set()

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Raise the flag: what was polled may belong to somebody else."""
        self._changed.set()

    def on_partitions_lost(self, lost: Any) -> None:
        """Raise the flag; the default would take this for an orderly revocation."""
        self._changed.set()

    @property
    def raised(self) -> bool:
        """Tell whether the assignment changed since the flag was taken."""
        return self._changed.is_set()

    def lower(self) -> None:
        """Take the flag down, before positions are looked up: a change meanwhile raises it again."""
        self._changed.clear()


def keep_joining(consumer: KafkaConsumer) -> Any:
    """Return the membership of a consumer; to be called after each poll, so that a join that has begun is completed.

    The client drops an answer to a join that comes before the next poll. A leader that joined because partitions were
    added then takes itself for joined, with the old ones, and never beats its heart again.
    """
    membership = consumer.group_metadata()
    if membership.state == MemberState.REBALANCING:
        # There is no public call for it.
        consumer._coordinator.request_rejoin()
    return membership
