"""The homes people ask about, and how they came to ask: fourteen features that never change in the demo.

They are as unruly as real ones: heavy tails, many zeros, ties, missing values, rare categories.
"""

from typing import Any

import numpy as np

from baselines.cells import FloatArray

_DISTRICTS = tuple(f"district-{number:02d}" for number in range(1, 25))
_ENERGY_CLASSES = ("A+", "A", "B", "C", "D", "E", "F", "G")
_ENERGY_SHARES = (0.04, 0.08, 0.16, 0.24, 0.22, 0.14, 0.08, 0.04)


def draw_homes(rng: np.random.Generator, n: int) -> dict[str, list[Any]]:
    """Return ``n`` values of each feature; None is missing."""
    area_m2 = rng.lognormal(4.5, 0.45, n)
    house = rng.random(n) < 0.35
    return {
        "living_area_m2": np.round(area_m2, 1).tolist(),
        "plot_area_m2": np.where(house, np.round(rng.lognormal(6.0, 0.7, n)), 0.0).tolist(),
        "rooms": np.clip(np.round(area_m2 / 27 + rng.normal(0, 0.7, n)), 1, 14).astype(np.int64).tolist(),
        "year_built": _with_gaps(rng, (2024 - rng.gamma(1.8, 24.0, n)).astype(np.int64).tolist(), 0.03),
        "distance_to_centre_km": np.round(rng.gamma(2.0, 4.5, n), 2).tolist(),
        "asking_price": _asking_prices(rng, area_m2),
        "property_type": np.where(house, "house", "flat").tolist(),
        "garden": (rng.random(n) < np.where(house, 0.9, 0.15)).tolist(),
        "energy_class": _with_gaps(rng, rng.choice(_ENERGY_CLASSES, n, p=_ENERGY_SHARES).tolist(), 0.08),
        "district": rng.choice(_DISTRICTS, n, p=_zipf(len(_DISTRICTS))).tolist(),
        "session_seconds": np.round(rng.lognormal(4.2, 1.1, n), 1).tolist(),
        "photos_viewed": rng.negative_binomial(2, 0.2, n).tolist(),
        "saved_homes": np.where(rng.random(n) < 0.7, 0, rng.geometric(0.3, n)).tolist(),
        "referrer": rng.choice(["search", "direct", "newsletter", "partner"], n, p=[0.5, 0.3, 0.15, 0.05]).tolist(),
    }


def _asking_prices(rng: np.random.Generator, area_m2: FloatArray) -> list[Any]:
    """Return prices in thousands: by area, with a heavy (Pareto) tail, some not told."""
    prices = np.round(area_m2 * rng.lognormal(1.4, 0.25, len(area_m2)) * (1 + 0.1 * rng.pareto(2.5, len(area_m2))))
    return _with_gaps(rng, (prices * 1000).astype(np.int64).tolist(), 0.05)


def _with_gaps(rng: np.random.Generator, values: list[Any], share: float) -> list[Any]:
    gaps = rng.random(len(values)) < share
    return [None if gap else value for gap, value in zip(gaps.tolist(), values, strict=True)]


def _zipf(n: int) -> FloatArray:
    weights = 1 / np.arange(1, n + 1)
    return np.asarray(weights / weights.sum())
