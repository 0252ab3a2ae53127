"""Where nothing has changed, the rank tests reject as often as they say: on the shapes that real features have."""

import numpy as np
import pytest

from stream.permutation import location, scale

DRAWS, REFERENCE, WINDOW = 2_000, 600, 100


def normal(rng, n):
    return rng.normal(size=n)


def heavy_tailed(rng, n):
    return rng.standard_t(2, n)


def few_integers(rng, n):
    return rng.poisson(0.7, n).astype(float)


def mostly_zero(rng, n):
    return np.where(rng.random(n) < 0.95, 0.0, rng.lognormal(size=n))


def mostly_zero_both_ways(rng, n):
    return np.where(rng.random(n) < 0.95, 0.0, rng.normal(size=n))


@pytest.mark.parametrize("test", [location, scale])
@pytest.mark.parametrize("draw", [normal, heavy_tailed, few_integers, mostly_zero, mostly_zero_both_ways])
def test_null_windows_are_rejected_no_more_often_than_stated(test, draw):
    """2,000 null windows: at 5 % and 1 % within 1.6 times the level, at 0.1 % no more than 8 where 2 are due."""
    rng = np.random.default_rng(20)
    p = []
    for _ in range(DRAWS):
        values, place = np.unique(draw(rng, REFERENCE + WINDOW), return_inverse=True)
        reference, window = (np.bincount(part, minlength=len(values)) for part in np.split(place, [REFERENCE]))
        p.append(test(reference, window).p_two_sided())
    rejected = {level: float((np.array(p) <= level).mean()) for level in (0.05, 0.01, 0.001)}
    assert 0.015 < rejected[0.05] < 0.065
    assert rejected[0.01] < 0.016
    assert rejected[0.001] <= 0.004
