"""A forked child must not let go of its parent's connections: it would say goodbye for the parent."""

from kafka import KafkaProducer

_PARENTS: list[KafkaProducer] = []


def leave_to_parent(producer: KafkaProducer) -> None:
    """Keep a producer that this child must neither use nor close, and whose clean-up at exit must do nothing."""
    # Its lock may have been held by a thread that this process does not have: closing it could wait for ever.
    producer._closed = True
    _PARENTS.append(producer)
