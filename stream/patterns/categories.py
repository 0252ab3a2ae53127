"""Categories that changed their names, or their meanings: what is lost under one is found under another.

Names that training did not have come from the window's bounded table (see ``stream.unseen``): with more than 64 of them
some may be absent, and a renamed one among those is not recognised.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from baselines.cells import FloatArray, IntArray
from stream.patterns.pattern import Pattern
from stream.sample import Sample
from stream.words import percent

# A category is lost when this little of its share is left, and worth a word from this share on.
_LEFT, _LEAST_LOST = 0.1, 0.02
# Under a quite different spelling a new name must have at least this share to be called the lost one.
_LEAST_STRANGE = 0.05
# ... and must be known to this part of itself: of few rows any share agrees with many.
_KNOWN_SHARE = 0.3
_ERRORS = 3.0
_LEAST_MOVED = 0.2
_MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class Categories:
    """A categorical feature on one side: rows per category (c,), unseen, missing and of the wrong type."""

    name: str
    categories: tuple[str, ...]
    known: IntArray
    unseen: int
    specials: IntArray
    new: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, sample: Sample, place: int, new: Mapping[str, int] | None = None) -> "Categories":
        """Read one feature off a sample; ``place`` counts in ``Baseline.categorical``, ``new`` are unseen names."""
        feature = sample.layout.baseline.categorical[place]
        cells = sample.cells[sample.layout.categorical_cells(place)]
        known = cells[: len(feature.categories)]
        return cls(feature.name, feature.categories, known, int(cells[len(known)]), cells[len(known) + 1 :], new or {})

    @cached_property
    def n(self) -> int:
        """Values that are a category, known or not."""
        return int(self.known.sum()) + self.unseen

    @cached_property
    def rows(self) -> int:
        """Rows, whatever was in them."""
        return self.n + int(self.specials.sum())

    @cached_property
    def shares(self) -> FloatArray:
        """The share of each known category, shape (c,)."""
        shares: FloatArray = self.known / max(self.n, 1)
        return shares


def renamed(reference: Categories, window: Categories) -> Pattern | None:
    """Recognise names that took the place of others: the share that one lost is what another, unseen, gained."""
    if not window.n or not reference.n or not window.new:
        return None
    pairs = _respelled(reference, window)
    strange = _replaced(reference, window, pairs)
    order = sorted({**pairs, **strange}.items(), key=lambda pair: (-window.new[pair[1]], pair[0]))
    if not order:
        return None
    how = "has new names for its categories" if strange else "spells its categories differently"
    named = [f"'{old}' {'looks like' if old in strange else 'is now'} '{new}'" for old, new in order[:_MOST_NAMED]]
    more = f" and {len(order) - _MOST_NAMED} more" if len(order) > _MOST_NAMED else ""
    pairs, share = dict(order), sum(window.new[new] for _, new in order) / window.n
    sentence = f"{reference.name} {how}: {', '.join(named)}{more} ({percent(share)} of values)"
    return Pattern("renamed", sentence, {"categories": pairs, "share": share})


def _respelled(reference: Categories, window: Categories) -> dict[str, str]:
    """Pair lost and new names that differ in case, spaces or punctuation alone; part of the share may have moved."""
    spelled = _by_spelling(window.new)
    old = _by_spelling(reference.categories)
    places = {name: place for place, name in enumerate(reference.categories)}
    pairs = {}
    for key, names in old.items():
        if len(names) != 1 or len(spelled.get(key, [])) != 1 or not key:
            continue
        name, new = names[0], spelled[key][0]
        before, left = float(reference.shares[places[name]]), float(window.shares[places[name]])
        gained = window.new[new] / window.n
        if gained >= _LEAST_LOST and before >= _LEAST_LOST and _agree(before, left + gained, reference, window):
            pairs[name] = new
    return pairs


def _replaced(reference: Categories, window: Categories, known: Mapping[str, str]) -> dict[str, str]:
    """Pair names that have nothing in common but the share: one lost nearly all of it, one new name has as much."""
    lost = [
        (name, float(before))
        for name, before, now in zip(reference.categories, reference.shares, window.shares, strict=True)
        if before >= _LEAST_STRANGE and now <= _LEFT * before and name not in known
    ]
    taken = set(known.values())
    gained = [(name, count / window.n) for name, count in window.new.items() if name not in taken]
    large = [(name, share) for name, share in gained if share >= _LEAST_LOST]
    pairs = {}
    for name, before in lost:
        if _tolerance(before, reference, window) > _KNOWN_SHARE * before:
            continue
        fits = [new for new, share in large if _agree(before, share, reference, window)]
        rivals = [other for other, share in lost if other != name and _agree(before, share, reference, window)]
        if len(fits) == 1 and not rivals:
            pairs[name] = fits[0]
    # One name of several lost that fits is a coincidence; so is one beside which the others moved, too.
    if len(pairs) != len(lost) or len(set(pairs.values())) != len(lost):
        return {}
    return pairs if _as_before(reference, window, {**known, **pairs}) else {}


def _as_before(reference: Categories, window: Categories, pairs: Mapping[str, str]) -> bool:
    """Tell whether the window, with new names read as the old ones, has the shares of the reference."""
    back = window.known.astype(np.float64)
    for place, name in enumerate(reference.categories):
        back[place] += window.new[pairs[name]] if name in pairs else 0
    left = float(np.abs(back / window.n - reference.shares).sum()) / 2
    return left <= _chance(reference.shares, reference, window)


def recoded(reference: Categories, window: Categories) -> Pattern | None:
    """Recognise known categories that exchanged their shares: an encoding that now counts in another order.

    At least three shares must pin the exchange down, or, of two categories, a clear majority that became the minority.
    """
    if window.n == 0 or reference.n == 0 or window.unseen > 0.02 * window.n:
        return None
    before, now = reference.shares, window.shares
    moved = float(np.abs(before - now).sum()) / 2
    if moved < _LEAST_MOVED or not _pinned(reference, window, moved):
        return None
    order_before, order_now = np.argsort(before, kind="stable"), np.argsort(now, kind="stable")
    left = float(np.abs(before[order_before] - now[order_now]).sum()) / 2
    if left > min(_chance(before, reference, window), moved / 4):
        return None
    names = reference.categories
    pairs = {
        names[old]: names[new]
        for old, new in zip(order_before.tolist()[::-1], order_now.tolist()[::-1], strict=True)
        if old != new and before[old] >= _LEAST_LOST
    }
    told = ", ".join(f"'{new}' has the share of '{old}'" for old, new in list(pairs.items())[:_MOST_NAMED])
    return Pattern("recoded", f"{reference.name} looks recoded: {told}", {"categories": pairs})


def exchanged_names(references: Mapping[str, Categories], windows: Mapping[str, Categories]) -> dict[str, Pattern]:
    """Recognise two categorical columns that changed places: each holds the other's categories, in its shares."""
    found = {}
    for name, window in windows.items():
        sources = [other for other in windows if other != name and _holds(window, references[other], references[name])]
        if len(sources) == 1 and _holds(windows[sources[0]], references[name], references[sources[0]]):
            found[name] = Pattern("swapped", f"{name} and {sources[0]} look swapped", {"column": sources[0]})
    return found


def _holds(window: Categories, other: Categories, own: Categories) -> bool:
    """Tell whether a window of ``own`` holds the categories of ``other``, in its shares."""
    if window.n == 0 or other.n == 0 or window.unseen < 0.5 * window.n:
        return False
    named = dict(zip(own.categories, window.known.tolist(), strict=True)) | dict(window.new)
    counts = np.array([named.get(name, 0) for name in other.categories], dtype=np.float64)
    left = 1 - float(counts.sum()) / window.n
    return left <= 0.02 and float(np.abs(counts / window.n - other.shares).sum()) / 2 <= _chance(
        other.shares, other, window
    )


def _pinned(reference: Categories, window: Categories, moved: float) -> bool:
    shares = np.sort(reference.shares)[::-1]
    large = shares[shares >= 0.03]
    # Shares that are alike say nothing about which is which.
    gaps = -np.diff(large)
    apart = int((gaps > _ERRORS * 0.5 * _root(reference, window)).sum()) + 1
    return apart >= 3 or (len(shares) == 2 and moved >= 0.5)


def _agree(before: float, now: float, reference: Categories, window: Categories) -> bool:
    return abs(now - before) <= _tolerance(before, reference, window)


def _tolerance(share: float, reference: Categories, window: Categories) -> float:
    return _ERRORS * math.sqrt(share * (1 - share)) * _root(reference, window) + 0.02 * share


def _chance(shares: FloatArray, reference: Categories, window: Categories) -> float:
    """Return twice the mean total variation distance of two samples of these shares (normal approximation), and 1 %."""
    errors = np.sqrt(shares * (1 - shares)) * _root(reference, window)
    return float(errors.sum()) * math.sqrt(2 / math.pi) + 0.01


def _root(reference: Categories, window: Categories) -> float:
    return math.sqrt(1 / max(window.n, 1) + 1 / max(reference.n, 1))


def _by_spelling(names: tuple[str, ...] | Mapping[str, int]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault("".join(letter for letter in name.casefold() if letter.isalnum()), []).append(name)
    return found
