"""Predictions that wait for their labels: the window of one partition, a function of the log.

The window is a whole stretch of the log: every prediction from its oldest offset on, labelled or not. So it is found
again by reading the stretch once more, when it is known which of its offsets are labelled. Labelled ones stay, without
their content, so that a second label for one id is known for what it is. Time here is the records' own, never a clock.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

# What becomes of a label: joined; there was an earlier one for its id; it came later than predictions wait; or no
# prediction with its id is in the window.
LabelFate: TypeAlias = Literal["matched", "duplicate", "late", "unmatched"]
LABEL_FATES: tuple[LabelFate, ...] = get_args(LabelFate)
EXPIRED, CROWDED_OUT = "expired", "crowded_out"


@dataclass(frozen=True, slots=True)
class JoinLimits:
    """A prediction waits for ``wait_ms`` of the records' time; a window holds at most ``most`` predictions."""

    wait_ms: int
    most: int


@dataclass(slots=True)
class Prediction:
    """A prediction: ``time_ms`` is its record's time, ``body`` its record as it came, None once it is labelled."""

    offset: int
    time_ms: int
    id: str
    body: object | None


class JoinWindow:
    """The predictions of one partition that a label may still meet, in offset order."""

    def __init__(self, limits: JoinLimits) -> None:
        self._limits = limits
        self._window: deque[Prediction] = deque()
        self._first: dict[str, Prediction] = {}
        # Ids that occur more than once in the window, with their later occurrences; nearly always empty.
        self._later: dict[str, deque[Prediction]] = {}
        # Offsets known to be labelled before they were read: somebody moved the group's offset back.
        self._labelled: set[int] = set()
        self._waiting = 0
        self.reached_ms = 0

    def __len__(self) -> int:
        return len(self._window)

    @property
    def waiting(self) -> int:
        """How many predictions have no label yet."""
        return self._waiting

    @property
    def oldest(self) -> int | None:
        """The offset of the oldest prediction; None where the window is empty."""
        return self._window[0].offset if self._window else None

    def expect_labelled(self, offsets: Iterable[int]) -> None:
        """Take the predictions at these offsets, when they are added, for labelled ones."""
        self._labelled.update(offsets)

    def add(self, prediction: Prediction) -> bool:
        """Add the next prediction; return whether it waits: one that was labelled before does not."""
        if prediction.offset in self._labelled:
            self._labelled.discard(prediction.offset)
            prediction.body = None
        self._window.append(prediction)
        self.reached_ms = max(self.reached_ms, prediction.time_ms)
        if self._first.setdefault(prediction.id, prediction) is not prediction:
            self._later.setdefault(prediction.id, deque()).append(prediction)
        waits = prediction.body is not None
        self._waiting += waits
        return waits

    def meet(self, label_id: str, time_ms: int) -> tuple[LabelFate, Prediction | None]:
        """Say what becomes of a label that came at ``time_ms``; with "matched", which prediction it is of.

        The first prediction with the id counts. Nothing changes: a label may yet turn out to be unfit.
        """
        prediction = self._first.get(label_id)
        if prediction is None:
            return "unmatched", None
        if prediction.body is None:
            return "duplicate", None
        if time_ms - prediction.time_ms > self._limits.wait_ms:
            return "late", None
        return "matched", prediction

    def settle(self, prediction: Prediction) -> None:
        """Remember that a prediction is labelled; its content is let go."""
        prediction.body = None
        self._waiting -= 1

    def forget(self, reached_ms: int) -> Counter[str]:
        """Let go the oldest that no label at ``reached_ms`` or later can meet, and what is too much; count the waiting.

        Returns how many of them were without a label, as "expired" and "crowded_out".
        """
        gone: Counter[str] = Counter()
        while self._window:
            oldest = self._window[0]
            expired = reached_ms - oldest.time_ms > self._limits.wait_ms
            if not expired and len(self._window) <= self._limits.most:
                break
            self._drop(self._window.popleft())
            if oldest.body is not None:
                gone[EXPIRED if expired else CROWDED_OUT] += 1
        self._waiting -= gone.total()
        return gone

    def _drop(self, prediction: Prediction) -> None:
        later = self._later.get(prediction.id)
        if later is None:
            del self._first[prediction.id]
            return
        self._first[prediction.id] = later.popleft()
        if not later:
            del self._later[prediction.id]
