"""river's detectors, one per feature, over streams in npz files; a program of its own that needs river and numpy alone.

    python benchmarks/peer_river.py FOLDER '{"ADWIN": [0.002], "KSWIN": [0.005], "PageHinkley": [50.0]}' KEY...

Reads FOLDER/KEY.npz (``r_NAME`` and ``s_NAME`` per feature, ``window``), writes FOLDER/KEY.METHOD-SETTING.npz with
``alarms`` of shape (windows, features): whether a feature's detector fired in a window. Numbers are standardised by the
reference and missing ones left out; categories are the ranks of their frequency in the reference. The last rows of the
reference come first, so that no detector begins blind.
"""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from river import drift

WARM_UP = 1_000
DETECTORS: dict[str, Callable[[float], Any]] = {
    "ADWIN": lambda delta: drift.ADWIN(delta=delta),
    "KSWIN": lambda alpha: drift.KSWIN(alpha=alpha, seed=1),
    "PageHinkley": lambda threshold: drift.PageHinkley(threshold=threshold),
}


def numbers(reference: np.ndarray, stream: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn a feature into numbers that all detectors can take."""
    if reference.dtype.kind == "f":
        centre, spread = np.nanmean(reference), np.nanstd(reference) or 1.0
        return (reference - centre) / spread, (stream - centre) / spread
    names, counts = np.unique(reference, return_counts=True)
    ranks = {name: float(rank) for rank, name in enumerate(names[np.argsort(-counts)].tolist())}
    sides = (np.array([ranks.get(name, float(len(ranks))) for name in side.tolist()]) for side in (reference, stream))
    return numbers(*sides)


def fired(detector: Any, reference: np.ndarray, stream: np.ndarray, window: int) -> np.ndarray:
    """Return per window whether the detector fired, shape (windows,)."""
    for value in reference[-WARM_UP:].tolist():
        if not math.isnan(value):
            detector.update(value)
    alarms = np.zeros(len(stream) // window, dtype=bool)
    for row, value in enumerate(stream[: len(alarms) * window].tolist()):
        if not math.isnan(value):
            detector.update(value)
            if detector.drift_detected:
                alarms[row // window] = True
    return alarms


def main() -> None:
    folder, settings, keys = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
    for key in keys:
        with np.load(folder / f"{key}.npz") as data:
            window = int(data["window"])
            features = [name[2:] for name in data.files if name.startswith("r_")]
            columns = [numbers(data[f"r_{name}"], data[f"s_{name}"]) for name in features]
        for method, values in settings.items():
            for value in values:
                found = [fired(DETECTORS[method](value), *pair, window) for pair in columns]
                np.savez(folder / f"{key}.{method}-{value:g}.npz", alarms=np.array(found).T)


if __name__ == "__main__":
    main()
