"""Made-up traffic of 24 numeric features, with a monitor for it; one event every 10 ms of event time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson

from baselines import save
from baselines.fitting import fit

FEATURES, START_MS, STEP_MS = 24, 1_700_000_000_000, 10
_NAMES = tuple(f"feature_{i}" for i in range(FEATURES))
_PIECE = 10_000


def events(n: int, step_ms: float = STEP_MS) -> Iterator[bytes]:
    """Yield ``n`` events as lines of JSON, without their ends."""
    rng = np.random.default_rng(2)
    for start in range(0, n, _PIECE):
        numbers = rng.normal(size=(min(_PIECE, n - start), FEATURES)).round(6).tolist()
        for i, row in enumerate(numbers, start):
            features = dict(zip(_NAMES, row, strict=True))
            yield orjson.dumps({"ts": START_MS + int(i * step_ms), "id": f"event-{i}", "features": features})


def write_monitor(folder: Path, name: str, every: str, *more: str) -> Path:
    """Fit a baseline unless the folder has one, and return the path of a new ``<name>.toml``."""
    if not (folder / "baseline.json").exists():
        numbers = np.random.default_rng(3).normal(size=(20_000, FEATURES)).round(6)
        header = ",".join(_NAMES)
        np.savetxt(folder / "reference.csv", numbers, fmt="%.6f", delimiter=",", header=header, comments="")
        save(fit([folder / "reference.csv"]), folder / "baseline.json")
    lines = ("[monitor]", f'name = "{name}"', "[schedule]", f'every = "{every}"', "[events]", 'timestamp = "ts"')
    path = folder / f"{name}.toml"
    path.write_text("\n".join((*lines, 'features = "features"', *more, "")))
    return path
