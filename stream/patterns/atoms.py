"""Values that pile up: a stuck sensor, a default in the place of missing values, a bound that cuts off, few levels.

An atom is seen where it falls on a kept value or in an open cell between two of them. Beyond the training range all
values share one cell: there only an entirely constant feature (its variance is exactly 0) and a fill value that the
mean gives away are recognised, and no bound.

The reference may be an earlier window, and a rainy day before a dry one says little of how common 0 is: stuck values
and fills are held against the training data as well.
"""

import math

import numpy as np

from baselines.baseline import NUMERIC_SPECIALS
from baselines.cells import FloatArray
from stream.patterns.numbers import Numbers, distance, log_ratio, log_std_error, root, tolerated
from stream.patterns.pattern import Pattern
from stream.words import number, percent

# A value that this share of the window has is stuck, unless it was common in training.
_STUCK, _COMMON = 0.95, 0.5
# What systems write where they have no value.
_FILLS = (0.0, -1.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0)
# A fill or a clipped bound must hold at least this share more than in training.
_LEAST_ATOM = 0.03
# A fill is believed without a fall of the missing share only from this share on.
_LEAST_UNEXPLAINED_ATOM = 0.1
# What it had, in the reference and in training, may be no more than this part of what it gained.
_MOST_BEFORE = 1 / 3
# With hardly any of the training's values left there is nothing to hold the rest against.
_MOST_FILLED = 0.9
# Beyond the range, the mean must say where the fill lies, to this many standard deviations or this part of the way.
_PINNED_STD, _PINNED_PART, _FAR_STD = 0.25, 0.1, 5.0
_ERRORS, _SLACK = 3.0, 0.02
# That no value lies beyond a bound by chance must be this unlikely.
_NOTHING_BEYOND = 1e-4
# Levels: at most this share of the cells that a continuous sample would hit, of at least so many.
_FEW, _LEAST_EXPECTED_CELLS = 0.3, 40


def stuck(reference: Numbers, window: Numbers, trained: Numbers) -> Pattern | None:
    """Recognise one value that nearly all rows have, and that was common neither in the reference nor in training."""
    if window.n < 2:
        return None
    if window.std == 0.0:
        cell, share = int(np.argmax(window.shares)), 1.0
        # Beyond or between the kept values, the mean of the quantised values is the value up to its rounding.
        value = float(window.points[cell]) if cell % 2 else float(f"{window.mean:.6g}")
        known = _share(cell, reference, trained) if cell % 2 else 0.0
    else:
        cell = 1 + 2 * int(np.argmax(window.shares[1::2])) if len(window.values) else 0
        value, share, known = float(window.points[cell]), float(window.shares[cell]), _share(cell, reference, trained)
        if cell % 2 == 0 or share < _STUCK:
            return None
    if known > _COMMON:
        return None
    how_often = "all" if share == 1.0 else percent(share)
    sentence = f"{reference.name} is stuck at {number(value)}: {how_often} of its values"
    return Pattern("stuck", sentence, {"value": value, "share": share})


def default_fill(reference: Numbers, window: Numbers, trained: Numbers) -> Pattern | None:
    """Recognise a fill value (0, -1, -999 and the like) where values, or gaps in them, were; the rest is as it was."""
    gains = {
        value: gain
        for value in _FILLS
        if (gain := _gain(reference, window, value)) is not None
        and trained.shares[_cell_of(trained, value)] <= gain * _MOST_BEFORE
    }
    if not gains:
        return None
    gain = max(gains.values())
    replaced = _missing(reference) - _missing(window) >= _LEAST_ATOM
    # Beyond the range two fills that lie close (0 and -1) may both agree with the mean.
    value = " or ".join(number(value) for value in gains)
    sentence = f"{reference.name} is {value}{' instead of missing' if replaced else ''} in {percent(gain)} of values"
    facts = {"value": next(iter(gains))} if len(gains) == 1 else {}
    return Pattern("default_fill", f"{sentence}: a default?", {**facts, "share": gain})


def _share(cell: int, reference: Numbers, trained: Numbers) -> float:
    return float(max(reference.shares[cell], trained.shares[cell]))


def _gain(reference: Numbers, window: Numbers, value: float) -> float | None:
    """Return the share of the values that a fill with this value took; None where it is no fill."""
    cell = _cell_of(reference, value)
    share, before = float(window.shares[cell]), float(reference.shares[cell])
    gain = (share - before) / (1 - before) if before < 1 else 0.0
    fall = _missing(reference) - _missing(window)
    replaced = fall >= _LEAST_ATOM and _missing(window) <= 0.2 * _missing(reference)
    if gain < (_LEAST_ATOM if replaced else _LEAST_UNEXPLAINED_ATOM) or before > gain * _MOST_BEFORE:
        return None
    if replaced and abs(gain - fall) > _ERRORS * math.sqrt(fall * (1 - fall) / window.rows) + 0.2 * fall:
        return None
    # Training with that share of the fill beside it must be the window, in its cells and in its mean.
    mixed = (1 - gain) * reference.shares
    mixed[cell] += gain
    same = distance(mixed, window.shares) <= tolerated(reference, window) * math.sqrt(1 - gain)
    if gain > _MOST_FILLED or not same or not _moments_agree(reference, window, gain, value):
        return None
    if not replaced and cell in (0, len(mixed) - 1) and not _pinned(reference, window, gain, value):
        return None
    return gain


def _moments_agree(reference: Numbers, window: Numbers, gain: float, value: float) -> bool:
    """Tell whether mean and spread are those of training with the fill in it.

    Beyond the range nothing else tells -99 from -999, or one value from many that lie close.
    """
    mean = (1 - gain) * reference.mean + gain * value
    spread = math.sqrt((1 - gain) * reference.std**2 + gain * (1 - gain) * (value - reference.mean) ** 2)
    error = reference.std * (_ERRORS * math.sqrt(1 - gain) * root(window, reference) + _SLACK)
    # Beside the fill a few values may be there that lie beyond what so many rows of training had.
    near = abs(window.mean - mean) <= error + abs(value - reference.mean) * 5 / reference.n
    wide = _ERRORS * (1 - gain) * reference.std**2 / max(spread**2, 1e-300) * log_std_error(window, reference) + _SLACK
    return near and min(window.std, spread) > 0 and abs(log_ratio(window.std, spread)) <= min(wide, 0.5)


def _pinned(reference: Numbers, window: Numbers, gain: float, value: float) -> bool:
    """Tell whether the mean pins down where values beyond the range lie; within it their cell does.

    Near the range a population that grew there could have that mean as well: then 0 alone is believed, of a feature
    that keeps to one side of it.
    """
    away = abs(value - reference.mean)
    far = away >= _FAR_STD * reference.std
    error = reference.std * math.sqrt(1 - gain) * root(window, reference) / gain
    if not far and (value != 0.0 or gain > 0.5):
        return False
    return error <= max(_PINNED_STD * reference.std, _PINNED_PART * away)


def clipped(reference: Numbers, window: Numbers) -> Pattern | None:
    """Recognise a bound within the training range: what training had beyond it lies on it, and nothing beyond."""
    above = _clipped(reference.shares, window.shares, window.n)
    below = _clipped(reference.shares[::-1], window.shares[::-1], window.n)
    cut, word = (above, "above") if above is not None else (below, "below")
    if cut is None:
        return None
    cell = cut if word == "above" else len(reference.cells) - 1 - cut
    if not 0 < cell < len(reference.cells) - 1 or window.shares[cell] > _MOST_FILLED:
        return None
    expected = _collected(reference.shares, cell, word)
    if distance(expected, window.shares) > tolerated(reference, window):
        return None
    value, share = float(reference.points[cell]), float(window.shares[cell])
    sentence = f"{reference.name} is cut off {word} {number(value)}: {percent(share)} of values lie there"
    return Pattern("clipped", sentence, {"value": value, "share": share})


def _clipped(reference: FloatArray, window: FloatArray, n: int) -> int | None:
    """Return the last occupied cell when it holds an atom that training had beyond it; None otherwise."""
    last = int(np.flatnonzero(window)[-1]) if window.any() else 0
    rest = reference[last + 1 :]
    beyond = float(rest.sum())
    if beyond == 0.0 or rest.max() > beyond / 2:
        # What training had beyond was one value itself: it may have moved here with the rest.
        return None
    atom, before = float(window[last]), float(reference[last])
    empty_by_chance = (1 - beyond) ** n
    rises = atom - before >= _LEAST_ATOM and before <= atom / 3
    return last if rises and empty_by_chance <= _NOTHING_BEYOND else None


def _collected(shares: FloatArray, cell: int, word: str) -> FloatArray:
    collected = shares.copy()
    rest = slice(cell + 1, None) if word == "above" else slice(0, cell)
    collected[cell] += collected[rest].sum()
    collected[rest] = 0.0
    return collected


def quantised(reference: Numbers, window: Numbers) -> Pattern | None:
    """Recognise rounding: far fewer cells are hit than a continuous sample of the same coarse shape would hit.

    Only where training was continuous (no value with over 5 % of it), and only by what lies within its range. A sample
    that just became narrow hits few cells as well: the coarse shape, a dozen parts, is therefore the window's own.
    """
    inner = window.cells[1:-1]
    if reference.shares.max() > 0.05 or inner.sum() < 50:
        return None
    before = reference.shares[1:-1]
    running = np.cumsum(before)
    parts = np.minimum((running / running[-1] * 12).astype(np.int64), 11)
    per_part = np.bincount(parts, weights=inner, minlength=12)
    if np.count_nonzero(per_part >= 0.04 * inner.sum()) < 3:
        return None
    within = np.bincount(parts, weights=before, minlength=12)[parts]
    expected_in = np.divide(per_part[parts] * before, within, out=np.zeros_like(before), where=within > 0)
    expected, levels = float(-np.expm1(-expected_in).sum()), int(np.count_nonzero(inner))
    if expected < _LEAST_EXPECTED_CELLS or levels > _FEW * expected:
        return None
    sentence = f"{reference.name} takes only about {levels} different values: rounded?"
    return Pattern("quantised", sentence, {"levels": levels})


def _cell_of(side: Numbers, value: float) -> int:
    place = int(np.searchsorted(side.values, value, side="left"))
    return 2 * place + int(place < len(side.values) and side.values[place] == value)


def _missing(side: Numbers) -> float:
    return int(side.specials[NUMERIC_SPECIALS.index("missing")]) / max(side.rows, 1)
