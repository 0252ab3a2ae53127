"""The tap's ledger: every row that a model was asked has one fate, and what was lost is counted by its reason."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TapStats:
    """What became of the rows that this process's model was asked: ``rows`` is the sum of all others but ``errors``.

    ``sampled_out`` were left out on purpose. ``queued`` wait in memory, ``unconfirmed`` are with the outlet, ``sent``
    are confirmed by it. ``dropped``, by reason: ``full`` (no room in memory), ``unread`` (they could not be read as
    the tap was told to), ``outlet`` (Kafka did not take them), ``unsupported`` (a kind of tensor or a device that the
    tap does not copy, or a CUDA graph being captured).

    ``errors`` are the exceptions that the tap kept to itself; a batch that failed before its rows were counted is
    here alone.
    """

    rows: int = 0
    sampled_out: int = 0
    queued: int = 0
    unconfirmed: int = 0
    sent: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    errors: int = 0

    @property
    def share_sent(self) -> float:
        """The share of all rows that are on the topic: what sampling and drops have left; 1 before the first row."""
        return self.sent / self.rows if self.rows else 1.0


class Account:
    """Counts rows from whichever thread; a short lock guards it, and nothing waits while it is held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows = self._sampled_out = self._queued = self._unconfirmed = self._sent = self._errors = 0
        self._dropped: Counter[str] = Counter()

    def arrived(self, rows: int, taken: int) -> int:
        """Count a batch of which ``taken`` rows are to be queued; return the number of its first row."""
        with self._lock:
            first = self._rows
            self._rows += rows
            self._sampled_out += rows - taken
            self._queued += taken
            return first

    def dropped(self, rows: int, reason: str) -> None:
        """Count queued rows as lost."""
        with self._lock:
            self._queued -= rows
            self._dropped[reason] += rows

    def handed_over(self, rows: int) -> None:
        """Count queued rows as given to the outlet."""
        with self._lock:
            self._queued -= rows
            self._unconfirmed += rows

    def settled(self, sent: int, lost: int) -> None:
        """Count what the outlet says of rows that it was given."""
        with self._lock:
            self._unconfirmed -= sent + lost
            self._sent += sent
            if lost:
                self._dropped["outlet"] += lost

    def failed(self) -> None:
        """Count an exception that was kept from the caller."""
        with self._lock:
            self._errors += 1

    def stats(self) -> TapStats:
        """Return the counts of one moment."""
        with self._lock:
            return TapStats(
                self._rows,
                self._sampled_out,
                self._queued,
                self._unconfirmed,
                self._sent,
                dict(self._dropped),
                self._errors,
            )
