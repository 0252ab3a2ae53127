"""Unit changes: the window is the training data times a constant, in another temperature scale, or with another sign.

A factor is read off mean and standard deviation, which must agree on it; both are known far beyond the training range,
where all values share one cell. Undoing it must then bring the distance between the distributions down to chance. A
stretch around the mean alone is no unit change, and neither is growth: a factor below 3 is recognised only where it is
a known conversion, measured to a few percent, and one below 2.3 (kilometres for miles) only to half a percent.

What cannot be recognised: a factor of a sample whose mean is uncertain (heavy tails, few rows), a change that only some
of the rows have, and a factor of a feature around 0 that spread less than fivefold.
"""

import math

import numpy as np

from stream.patterns.conversions import AFFINE, Conversion, scales_between
from stream.patterns.numbers import Numbers, distance, log_ratio, log_std_error, root, same_moments, tolerated
from stream.patterns.pattern import Pattern
from stream.words import number

# A change of units moves nearly everything; below this there is nothing to explain by one.
_LEAST_DISTANCE = 0.25
# Free factors must be at least this far from 1, those of a feature around zero, where a factor is but a spread, more.
_LEAST_FACTOR, _LEAST_FACTOR_AT_ZERO = 3.0, 5.0
# A mean below this many standard deviations counts as zero.
_AWAY_FROM_ZERO = 0.5
# How well a factor must be measured (relative standard error), near 1 and far from it.
# Populations double; a factor up to this is told from growth only by hitting a known conversion exactly.
_GROWTH = 2.3
_GROWTH_ERROR, _NEAR_ERROR, _FAR_ERROR = 0.005, 0.03, 0.12
_ERRORS = 2.0
# Near 1, where growth comes to lie on a conversion by chance, a factor must lie this near to it, in standard errors.
_NEAR_ERRORS = 1.5
# The estimated error of a feature with two equally frequent values is 0; no measurement is better than this.
_EXACT = 1e-9
# An offset must be this many standard deviations, or it is no more than a shift; alone (Kelvin), or beside a factor.
_LEAST_PLAIN_OFFSET_STD, _LEAST_OFFSET_STD = 6.0, 1.0
# A sign flip of a symmetric feature is a shift by twice its mean: told where the mean is this many standard deviations.
_FLIP_FROM_ZERO = 3.0
_NEVER = 1e-4


def unit_change(reference: Numbers, window: Numbers) -> Pattern | None:
    """Return the change of units that explains the window; None where none does."""
    if not (reference.std > 0 and window.std > 0) or reference.beyond > 0.05:
        return None
    if distance(reference.shares, window.shares) < _LEAST_DISTANCE:
        return None
    return _affine(reference, window) or _scaled(reference, window) or _flipped(reference, window)


def _affine(reference: Numbers, window: Numbers) -> Pattern | None:
    for known in AFFINE:
        least = _LEAST_PLAIN_OFFSET_STD if known.factor == 1.0 else _LEAST_OFFSET_STD
        seen = abs(known.offset) >= least * known.factor * reference.std
        precise = log_std_error(window, reference) <= _FAR_ERROR
        if seen and precise and _explains(reference, window, known.factor, known.offset):
            facts = {"factor": known.factor, "offset": known.offset}
            return Pattern("unit_change", f"{reference.name} looks like {known.words}", facts)
    return None


def _scaled(reference: Numbers, window: Numbers) -> Pattern | None:
    factor, error = _factor(reference, window)
    if factor is None or not _explains(reference, window, factor):
        return None
    large = max(factor, 1 / factor)
    band = math.exp((_ERRORS if large >= _LEAST_FACTOR else _NEAR_ERRORS) * error + 0.002)
    known = list(scales_between(factor / band, factor * band))
    if large < _LEAST_FACTOR and (error > (_GROWTH_ERROR if large < _GROWTH else _NEAR_ERROR) or not known):
        return None
    if abs(reference.mean) < _AWAY_FROM_ZERO * reference.std and large < _LEAST_FACTOR_AT_ZERO:
        return None
    return _scale_pattern(reference.name, factor, known) if error <= _FAR_ERROR else None


def _factor(reference: Numbers, window: Numbers) -> tuple[float | None, float]:
    """Return the factor that mean and spread agree on, and its relative standard error; None where they do not."""
    spread = log_ratio(window.std, reference.std)
    spread_error = max(log_std_error(window, reference), _EXACT)
    if abs(reference.mean) < _AWAY_FROM_ZERO * reference.std:
        return math.exp(spread), spread_error
    if window.mean * reference.mean <= 0:
        return None, math.inf
    centre = log_ratio(abs(window.mean), abs(reference.mean))
    centre_error = max(reference.std / abs(reference.mean) * root(window, reference), _EXACT)
    # Weighted by precision; the errors of the two are taken as dependent, which they are in skewed distributions.
    weight = centre_error**-2 / (centre_error**-2 + spread_error**-2)
    return math.exp(weight * centre + (1 - weight) * spread), min(centre_error, spread_error)


def _explains(reference: Numbers, window: Numbers, factor: float, offset: float = 0.0) -> bool:
    mean, std = factor * reference.mean + offset, abs(factor) * reference.std
    if not same_moments(window, mean, std, reference):
        return False
    return _distance_after(reference, window, factor, offset) <= _enough(reference, window)


def _distance_after(reference: Numbers, window: Numbers, factor: float, offset: float = 0.0) -> float:
    return distance(reference.mapped(window.values, factor, offset), window.shares)


def _enough(reference: Numbers, window: Numbers) -> float:
    """Return the distance at which a change explains the window: chance, and a third of what there was at most."""
    return min(tolerated(reference, window), distance(reference.shares, window.shares) / 3)


def _scale_pattern(name: str, factor: float, known: list[Conversion]) -> Pattern:
    """Name the factor; of several that fit, the one that is mixed up most often, with the words of both."""
    told = known[0].factor if known else float(f"{factor:.2g}")
    first = [conversion.words for conversion in known if conversion.factor == told]
    others = [conversion.words for conversion in known if conversion.factor != told]
    hint = f" ({', or '.join((first + others)[:2] if len(first) > 1 else first + others[:1])}?)" if known else ""
    times = f"{number(told)} times as large" if told > 1 else f"1/{number(1 / told)} as large"
    return Pattern("unit_change", f"{name} looks about {times}{hint}", {"factor": told})


def _flipped(reference: Numbers, window: Numbers) -> Pattern | None:
    """Recognise a lost or added sign: the mirror image, where a shift alone would not look the same."""
    if not _explains(reference, window, -1.0):
        return None
    shifted = reference.mapped(window.values, 1.0, window.mean - reference.mean)
    lopsided = distance(shifted, window.shares) >= _distance_after(reference, window, -1.0) + 0.1
    # A shift of a skewed feature would have left some values beyond the window's first or last.
    occupied = np.flatnonzero(window.cells)
    absent = float(shifted[: occupied[0]].sum() + shifted[occupied[-1] + 1 :].sum())
    if lopsided or (1 - absent) ** window.n < _NEVER or abs(reference.mean) >= _FLIP_FROM_ZERO * reference.std:
        return Pattern("sign_flip", f"{reference.name} has the opposite sign", {"factor": -1.0})
    return None
