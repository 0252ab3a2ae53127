"""Counting in the process itself: events become what each pane grew, with the arithmetic that a counter uses.

Counts add, so what waits does not grow with the traffic: it is one set of counts per pane that was touched since the
last report, and there is a bound on those.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from consumers.assembly import Assembly
from consumers.raw import RawBatch, Rejected
from consumers.undecodable import decode_all
from stream.ledger import Ledger
from stream.panes import Pane, PaneKey

# What a row is in the ledger that found no pane to be counted in.
NO_ROOM = "no_room"
# A process is to a judge what a partition is: rows have an order of their own.
_PLACE = ("tap", 0)
_FEWEST_PANES = 4
_log = logging.getLogger("driftline.tap")


@dataclass(slots=True)
class Growth:
    """What was counted since it was taken last: by pane, and the fate of every row."""

    panes: dict[PaneKey, Pane] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)


class EdgeTally:
    """Counts events, one JSON object each; owned by one thread at a time.

    ``memory_bytes`` bounds the counts that wait: rows of further panes are rejected as ``no_room``, the oldest panes
    stay.
    """

    def __init__(self, assembly: Assembly, memory_bytes: int) -> None:
        layout = assembly.layout
        self._decoder, self._tallier = assembly.new_decoder(), assembly.new_tallier()
        self._most_panes = max(_FEWEST_PANES, memory_bytes // (8 * (layout.size + layout.pair_size)))
        self._rows = 0
        self._said: set[str] = set()
        self._growth = Growth()
        # The largest event time that counts or is late (UTC ms); None before the first.
        self.newest_ms: int | None = None

    def count(self, lines: Sequence[bytes], now_ms: int) -> int:
        """Count events that were made now (UTC ms); return how many of them found no room."""
        offsets = range(self._rows, self._rows + len(lines))
        self._rows += len(lines)
        decoded = decode_all(self._decoder, RawBatch(*_PLACE, offsets, lines, [now_ms] * len(lines)))
        ledger = self._growth.ledger
        ledger.enter_read(
            len(lines), decoded.foreign, (reject.reason for reject in decoded.rejected), decoded.foreign_rows
        )
        for reject in decoded.rejected:
            self._say(reject)
        rows, self.newest_ms = self._tallier.sift(decoded.rows, self.newest_ms, ledger)
        return sum(self._homeless(pane) for pane in self._tallier.panes_of([(_PLACE, rows)])) if len(rows) else 0

    def take(self) -> Growth:
        """Return what was counted since this was called last."""
        growth, self._growth = self._growth, Growth()
        return growth

    def _homeless(self, pane: Pane) -> int:
        """Add what a pane grew; return how many of its rows found no room."""
        panes, ledger = self._growth.panes, self._growth.ledger
        known = panes.get(pane.key)
        if known is None and len(panes) >= self._most_panes:
            ledger.counted -= pane.counts.rows
            ledger.rejected[NO_ROOM] += pane.counts.rows
            return pane.counts.rows
        # Offsets are of no topic here: nobody could look them up.
        grown = replace(pane, offsets={})
        if known is None:
            panes[pane.key] = grown
        else:
            known.add(grown)
        return 0

    def _say(self, reject: Rejected) -> None:
        if reject.reason not in self._said:
            self._said.add(reject.reason)
            _log.warning("an event is rejected, %s: %s; this is said once a reason", reject.reason, reject.detail)
