"""Homes and their prices, made by the example itself: what the price depends on is known here, and only here."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

FEATURES = (
    "living_area_m2",
    "distance_to_centre_km",
    "year_built",
    "rooms",
    "photos_viewed",
    "session_seconds",
)


def draw_homes(rng: np.random.Generator, n: int, moved: Mapping[str, float] | None = None) -> NDArray[np.float32]:
    """Return homes (N, F) with a column for each of ``FEATURES``; ``moved`` is added to the columns that it names."""
    area_m2 = np.round(rng.lognormal(4.5, 0.35, n), 1)
    columns = {
        "living_area_m2": area_m2,
        "distance_to_centre_km": np.round(rng.gamma(2.0, 4.0, n), 2),
        "year_built": np.round(2020 - rng.gamma(2.0, 20.0, n)),
        "rooms": np.clip(np.round(area_m2 / 27 + rng.normal(0, 0.7, n)), 1, 12),
        "photos_viewed": rng.negative_binomial(3, 0.2, n),
        "session_seconds": np.round(rng.lognormal(4.2, 0.8, n)),
    }
    for name, by in (moved or {}).items():
        columns[name] = columns[name] + by
    return np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float32)


def prices(rng: np.random.Generator, homes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the homes were sold for, in thousands, (N,): by area, place, age and rooms, give or take 8 %."""
    area_m2, distance_km, year, rooms = homes.T[:4].astype(np.float64)
    by_area = area_m2 * 4.0 * np.exp(-0.04 * distance_km) * (1 + 0.003 * (year - 1980))
    sold = (by_area + 5 * rooms) * rng.lognormal(0, 0.08, len(homes))
    return np.asarray(sold, dtype=np.float32)
