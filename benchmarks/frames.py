"""Frames: rows as columns in memory, and the way from them to a baseline and to counts, by the code that runs.

A frame maps feature names to arrays of one length: float64 for numeric features (NaN is missing), text for categorical
ones ("" is missing).
"""

import json
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from gzip import decompress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from baselines import Baseline, CategoricalReference
from baselines.cells import IntArray
from baselines.fitting import FitOptions, fit
from stream.rows import CategoricalColumn, NumericColumn, Rows

Frame: TypeAlias = Mapping[str, NDArray[Any]]
REAL_SETS = ("abrupt_insects", "bike_sharing", "nyc_weather")
# Where event times of streams without a clock begin; a whole number of all windows used here.
START_MS = 1_700_000_000_000
_IN_MEMORY = Path("/dev/shm")


def length(frame: Frame) -> int:
    return len(next(iter(frame.values())))


def take(frame: Frame, index: IntArray | slice) -> dict[str, NDArray[Any]]:
    return {name: column[index] for name, column in frame.items()}


def join(*frames: Frame) -> dict[str, NDArray[Any]]:
    return {name: np.concatenate([frame[name] for frame in frames]) for name in frames[0]}


def is_numeric(column: NDArray[Any]) -> bool:
    return column.dtype.kind == "f"


def fitted(frame: Frame) -> Baseline:
    """Fit a baseline to a frame as ``driftline fit`` would, by way of a file that never sees a disk."""
    names = {name for name, column in frame.items() if not is_numeric(column)}
    table = pa.table({name: _arrow(column) for name, column in frame.items()})
    folder = _IN_MEMORY if _IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="driftline-", dir=folder) as where:
        path = Path(where) / "reference.parquet"
        pq.write_table(table, path)
        return fit([path], FitOptions(numeric=frozenset(frame.keys() - names), categorical=frozenset(names)))


def _arrow(column: NDArray[Any]) -> pa.Array:
    return pa.array(column, mask=np.isnan(column) if is_numeric(column) else column == "")


def rows(baseline: Baseline, frame: Frame, times_ms: IntArray | None = None) -> Rows:
    """Turn a frame into decoded rows; without times they are a second apart."""
    n = length(frame)
    return Rows(
        START_MS + 1_000 * np.arange(n) if times_ms is None else times_ms,
        np.arange(n),
        tuple(NumericColumn(frame[feature.name]) for feature in baseline.numeric),
        tuple(_codes(feature, frame[feature.name]) for feature in baseline.categorical),
    )


def _codes(feature: CategoricalReference, column: NDArray[Any]) -> CategoricalColumn:
    names, place = np.unique(column, return_inverse=True)
    known = {name: code for code, name in enumerate(feature.categories)}
    unseen = len(known)
    codes = np.array([unseen + 1 if name == "" else known.get(name, unseen) for name in names.tolist()])[place]
    return CategoricalColumn(codes, {int(row): str(column[row]) for row in np.flatnonzero(codes == unseen)})


def data_folder() -> Path:
    """Return the folder with the real sets; raise FileNotFoundError where there is none."""
    chosen = os.environ.get("DRIFTLINE_TEST_DATA")
    folder = Path(chosen) if chosen else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        raise FileNotFoundError(f"no data sets at {folder}: set DRIFTLINE_TEST_DATA to the folder that holds them")
    return folder


@cache
def real(name: str) -> tuple[Frame, Frame, dict[str, Any]]:
    """Return a real set: reference, stream, and what is known of it."""
    folder = data_folder() / name
    truth = json.loads((folder / "truth.json").read_text())
    kinds: dict[str, str] = truth["kinds"]
    text = decompress((folder / "reference.csv.gz").read_bytes()).decode()
    head, *lines = [line.split(",") for line in text.splitlines()]
    columns = dict(zip(head, zip(*lines, strict=True), strict=True))
    events = [json.loads(line) for line in decompress((folder / "stream.jsonl.gz").read_bytes()).splitlines()]
    reference = {feature: _column(columns[feature], kind) for feature, kind in kinds.items()}
    stream = {f: _column([event["features"].get(f) for event in events], kind) for f, kind in kinds.items()}
    return reference, stream, truth | {"times_ms": np.array([event["ts"] for event in events])}


def _column(values: Any, kind: str) -> NDArray[Any]:
    if kind == "numeric":
        return np.array([np.nan if value in (None, "", "NA") else float(value) for value in values])
    return np.array(["" if value is None else str(value) for value in values])
