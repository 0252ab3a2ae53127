"""Ending the transaction that a predecessor left open, so that where it stood can be read at once.

Whoever is killed inside a transaction leaves its offsets pending. Nobody is told the committed ones before the broker
has ended that transaction, 10 to 20 seconds later. Initialising the same transactional id ends it now, and fences its
owner should that be alive after all. So the id of whoever committed stands beside every offset, before the note.
"""

import logging
from collections.abc import Mapping
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from consumers.kafka_options import options_for

_ANSWER_MS = 1_000
_END_MS = 10_000
_SEPARATOR = "\n"
_log = logging.getLogger("driftline.kafka")


def signed(transactional_id: str, note: str) -> str:
    """Return what is committed beside an offset: who committed it, and the note; Kafka takes 4 KB of it."""
    return f"{transactional_id}{_SEPARATOR}{note}"


def signer(metadata: str) -> str | None:
    """Return who committed an offset; None where a tool moved it."""
    return metadata.partition(_SEPARATOR)[0] if _SEPARATOR in metadata else None


def note_of(metadata: str) -> str:
    """Return the note that was committed beside an offset, or the words of the tool that moved it."""
    return metadata.partition(_SEPARATOR)[2] if _SEPARATOR in metadata else metadata


def end_open_transaction(tp: TopicPartition, group: str, options: Mapping[str, Any]) -> None:
    """End what the last committer of this partition may have left open; ``options`` are the consumer's own.

    A broker that does not answer at once is slow, and nobody is fenced on its account. Where ending fails, the broker's
    own time-out will do it later.
    """
    try:
        transactional_id = _last_committer(tp, group, options)
        if transactional_id:
            _log.info("%s-%d: offsets are pending; ending the transaction of %s", *tp, transactional_id)
            _end(transactional_id, options)
    except KafkaError as error:
        _log.warning("%s-%d: offsets are pending, and their transaction could not be ended: %s", *tp, error)


def _last_committer(tp: TopicPartition, group: str, options: Mapping[str, Any]) -> str | None:
    # Only a reader without isolation is told what is committed while more is pending. It never joins the group.
    looker = KafkaConsumer(
        **{**options, "group_id": group, "enable_auto_commit": False, "isolation_level": "read_uncommitted"}
    )
    try:
        committed = looker.committed(tp, metadata=True, timeout_ms=_ANSWER_MS)
    finally:
        looker.close(timeout_ms=_ANSWER_MS)
    return signer(committed.metadata or "") if committed else None


def _end(transactional_id: str, options: Mapping[str, Any]) -> None:
    settings = {**options_for("producer", options), "max_block_ms": _END_MS, "transactional_id": transactional_id}
    producer = KafkaProducer(**settings)
    try:
        producer.init_transactions()
    finally:
        producer.close(timeout=_ANSWER_MS / 1000)
