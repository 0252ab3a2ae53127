"""Sums over sealed panes that move along with a window: only what entered and what left is read again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from stream.packing import Sign
from stream.window import SealedPane

# A sum over fewer panes is made anew as quickly as it is moved.
_WORTH_MOVING = 3


class _Copied(Protocol):
    def copy(self: "T") -> "T": ...


T = TypeVar("T", bound=_Copied)


@dataclass(slots=True)
class _Stretch(Generic[T]):
    """A sum, and the panes that it is over, by where they begin."""

    total: T
    panes: Mapping[int, SealedPane]


class Sums(Generic[T]):
    """One sum per comparator; ``move`` adds a pane to a total, or takes it away, exactly."""

    def __init__(self, zero: Callable[[], T], move: Callable[[T, SealedPane, Sign], None]) -> None:
        self._zero = zero
        self._move = move
        self._stretches: dict[str, _Stretch[T]] = {}

    def over(self, comparator: str, panes: Mapping[int, SealedPane]) -> T:
        """Return the sum over these panes; it belongs to the caller."""
        if len(panes) < _WORTH_MOVING:
            return self._moved(_Stretch(self._zero(), {}), panes)
        known = self._stretches.get(comparator)
        if known is None or len(known.panes.keys() ^ panes.keys()) >= len(panes):
            known = _Stretch(self._zero(), {})
        total = self._moved(known, panes)
        self._stretches[comparator] = _Stretch(total, panes)
        return total.copy()

    def forget(self, before_ms: int) -> None:
        """Drop the sums over nothing but panes that begin before this time."""
        gone = [name for name, one in self._stretches.items() if max(one.panes, default=before_ms) < before_ms]
        for name in gone:
            del self._stretches[name]

    def _moved(self, known: _Stretch[T], panes: Mapping[int, SealedPane]) -> T:
        for start in sorted(known.panes.keys() - panes.keys()):
            self._move(known.total, known.panes[start], -1)
        for start in sorted(panes.keys() - known.panes.keys()):
            self._move(known.total, panes[start], 1)
        return known.total
