"""A lane of the joiner: a partition of the events, the partition of the labels with its number, and what is between."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from consumers.follower import LabelsAt
from consumers.raw import RawBatch, RawRecord
from consumers.source import Position
from stream.join import JoinWindow
from stream.join_ledger import JoinLedger

GONE = "gone"


class LaneNote(msgspec.Struct, frozen=True):
    """What is committed beside the offset of the events: from where a successor reads back, and the ledger.

    ``since`` is the offset of the oldest prediction in the window, ``labelled_since`` one of the labelled topic's
    before which none of the window's is; ``labels_*`` say how far the labels of which topic are joined. ``topic_id`` is
    the events', under the name that `PlaceNote` has for it.
    """

    topic_id: str = ""
    version: int = 1
    since: int = -1
    labelled_since: int = 0
    reached_ms: int = 0
    labels_next: int | None = None
    labels_topic_id: str = ""
    labels_reached_ms: int = 0
    ledger: dict[str, Any] = {}

    def to_text(self) -> str:
        """Return the note as it is committed."""
        return msgspec.json.encode(self).decode()

    def read_ledger(self) -> JoinLedger:
        """Return the ledger; an empty one where none was written."""
        return msgspec.convert(self.ledger, JoinLedger, dec_hook=_counter)


def read_lane_note(note: str) -> LaneNote:
    """Read what was committed beside an offset; tools that move offsets leave nothing, or their own words."""
    try:
        return msgspec.json.decode(note, type=LaneNote)
    except msgspec.DecodeError:
        return LaneNote()


def _counter(kind: type, value: Any) -> Any:
    """Return what msgspec has no type for: a Counter."""
    return kind(value)


@dataclass(frozen=True, slots=True)
class HeldLabel:
    """A label record that was read, and may still be before its prediction; ``record_ms`` -1 where it has no time."""

    offset: int
    raw: RawRecord
    record_ms: int


@dataclass(slots=True)
class Lane:
    """What the joiner knows of one partition of the events, and of the labels' partition of the same number.

    Not ``committed``: something was joined since that no transaction holds yet; such a lane is never gone on with.
    """

    window: JoinWindow
    next_offset: int
    labels_next: int | None = None
    labels_topic_id: str = ""
    labels_reached_ms: int = 0
    ledger: JoinLedger = field(default_factory=JoinLedger)
    held: deque[HeldLabel] = field(default_factory=deque)
    # Offsets of the events, each with one of the labelled topic: what is behind the one is labelled behind the other.
    marks: deque[tuple[int, int]] = field(default_factory=deque)
    committed: Position | None = None

    @classmethod
    def opened(cls, window: JoinWindow, offset: int, note: LaneNote) -> "Lane":
        """Return a lane that stands where its note says, with its window still to be read back."""
        window.reached_ms = note.reached_ms
        return cls(
            window,
            offset,
            note.labels_next,
            note.labels_topic_id,
            note.labels_reached_ms,
            note.read_ledger(),
            marks=deque([(note.since if note.since >= 0 else offset, note.labelled_since)]),
        )

    def note(self, topic_id: str) -> LaneNote:
        """Return what stands for the lane beside its offset."""
        since = self.next_offset if self.window.oldest is None else self.window.oldest
        while len(self.marks) > 1 and self.marks[1][0] <= since:
            self.marks.popleft()
        return LaneNote(
            topic_id=topic_id,
            since=since,
            labelled_since=self.marks[0][1],
            reached_ms=self.window.reached_ms,
            labels_next=self.joined_to,
            labels_topic_id=self.labels_topic_id,
            labels_reached_ms=self.labels_reached_ms,
            ledger=msgspec.to_builtins(self.ledger),
        )

    @property
    def joined_to(self) -> int:
        """The offset of the first label that is not joined yet: one that is held is read again by a successor."""
        return self.held[0].offset if self.held else self.labels_next or 0

    def let_go(self) -> LabelsAt:
        """Forget the labels that are held, and return where they are to be read again."""
        at = LabelsAt(None if self.labels_next is None else self.joined_to, self.labels_topic_id)
        self.held.clear()
        return at

    def hold(self, batch: RawBatch) -> None:
        """Take label records as they come; nothing is decided about them."""
        times = batch.timestamps_ms or [-1] * len(batch)
        self.held.extend(map(HeldLabel, batch.offsets, batch.records(), times))

    def ripe(self, early_ms: int, released_to: int) -> Iterator[HeldLabel]:
        """Yield, and let go, the labels whose predictions must have been read: those before ``released_to``, and more.

        A label that is ``early_ms`` older than the newest event has all predictions in the window that came less than
        that after it.
        """
        held = self.held
        while held and (held[0].offset < released_to or held[0].record_ms + early_ms <= self.window.reached_ms):
            self.labels_reached_ms = max(self.labels_reached_ms, held[0].record_ms)
            yield held.popleft()

    def expiry_ms(self, *, labels_at_end: bool) -> int:
        """Return the records' time up to which predictions and labels both are known."""
        if self.held:
            return min(self.window.reached_ms, self.held[0].record_ms)
        return self.window.reached_ms if labels_at_end else min(self.window.reached_ms, self.labels_reached_ms)

    def settle_ledger(self) -> None:
        """Bring the ledger in step with a window that was read back: what is not in the log any more waits in vain."""
        missing = self.ledger.waiting - self.window.waiting
        self.ledger.waiting -= missing
        if missing > 0:
            self.ledger.unlabelled[GONE] += missing
        else:
            # Not ours when they were read: the settings were others.
            self.ledger.predictions -= missing
