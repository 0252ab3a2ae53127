"""Counts are cut behind the judge: what a committed transaction has taken over into panes is deleted from the log.

Only ever below an offset that this member has just committed: the committed offset never goes back, so whoever owns the
partition next begins at it or behind it, and a member that was thought dead cuts nothing that anybody still needs.
Deleting is housekeeping: where it fails the topic is longer than it need be, and nothing else.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaError

from consumers.sink import Outgoing, Sink
from consumers.source import Place, Position

CUT_EVERY_S = 60.0
# The judge waits meanwhile, so this is short against the time a group gives a member between two polls.
_CUT_SETTINGS: Mapping[str, Any] = {"bootstrap_timeout_ms": 3_000, "request_timeout_ms": 3_000}
_log = logging.getLogger("driftline.cut")

# Deletes the records of each place that lie before its offset; raises KafkaError.
Delete = Callable[[Mapping[Place, int]], None]


class CuttingSink:
    """A sink behind whose committed positions the log is cut, once ``every_s`` at most (a minute unless told)."""

    def __init__(
        self, sink: Sink, delete: Delete, every_s: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sink = sink
        self._delete = delete
        self._every_s = CUT_EVERY_S if every_s is None else every_s
        self._clock = clock
        self._cut_s = clock()
        self._behind: dict[Place, int] = {}
        self._complained = False

    def commit(self, records: Iterable[Outgoing], positions: Mapping[Place, Position], membership: Any) -> None:
        """See `Sink.commit`. Cuts only after a commit that succeeded, and only what it covers."""
        self._sink.commit(records, positions, membership)
        self._behind.update({place: position.offset for place, position in positions.items()})
        if self._behind and self._clock() - self._cut_s >= self._every_s:
            self._cut()

    def close(self) -> None:
        """See `Sink.close`."""
        self._sink.close()

    def _cut(self) -> None:
        # Partitions that went to somebody else must not be held on to.
        behind, self._behind = self._behind, {}
        self._cut_s = self._clock()
        try:
            self._delete(behind)
        except KafkaError as error:
            if not self._complained:
                _log.warning("counts that were judged cannot be deleted, their topic grows: %s", error)
            self._complained = True
        else:
            self._complained = False


def deletion(options: Mapping[str, Any]) -> Delete:
    """Return what deletes records by Kafka's DeleteRecords; ``options`` are the admin client's own.

    A client is opened for each deletion: one a minute, and none stays behind.
    """

    def delete(behind: Mapping[Place, int]) -> None:
        admin = KafkaAdminClient(**{**_CUT_SETTINGS, **options})
        try:
            admin.delete_records({TopicPartition(*place): offset for place, offset in behind.items()}, timeout_ms=3_000)
        finally:
            admin.close()

    return delete
