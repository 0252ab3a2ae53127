"""The rows that a model is tried on: a seeded sample of training files, as one array of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines import Baseline, BaselineError, NumericReference
from baselines.cells import FloatArray, IntArray
from baselines.fitting.cells import Chunk
from baselines.fitting.files import check_source, read_chunks
from baselines.nearest import or_nearest


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """Rows as the model takes them: ``rows`` (n, features) in the order of ``names``; ``target`` (n,), or None."""

    names: tuple[str, ...]
    rows: FloatArray
    target: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns are read: ``features`` in the order of the model's inputs, () for all but ``target`` as they stand.

    ``path`` leads to the object that holds them in JSON lines, "" for the line itself.
    """

    features: tuple[str, ...] = ()
    target: str = ""
    path: str = ""

    def of(self, chunk: Chunk) -> tuple[str, ...]:
        """Return the features' names; raises ``BaselineError`` for a name that the data does not have."""
        features = self.features or tuple(name for name in chunk.columns if name != self.target)
        if self.target in features:
            raise BaselineError(f"--features: names {self.target!r}, which is the target: leave it out")
        for option, names in (("--target", [self.target] if self.target else []), ("--features", features)):
            for name in names:
                if name not in chunk.columns:
                    raise BaselineError(f"{option}: no column {name!r} in the data{or_nearest(name, chunk.columns)}")
        if not features:
            raise BaselineError(f"the data has no column but the target {self.target!r}")
        if len(set(features)) < len(features):
            raise BaselineError("--features: names a column twice")
        return features


def read_table(paths: Sequence[Path], columns: Columns, sample: int = 1000, seed: int = 0) -> Table:
    """Read ``sample`` rows, drawn without replacement by ``seed``, or all where there are fewer, in their order.

    Reads what ``driftline fit`` reads, in memory that does not grow with the files. Raises ``BaselineError`` with the
    file, row and column for a value that is missing, no number or not finite: a model's inputs must be numbers.
    """
    for path in paths:
        check_source(path)
    drawn, names = _Drawn(sample, np.random.default_rng(seed)), tuple[str, ...]()
    for path in paths:
        before = 0
        for chunk in read_chunks(path, columns.path):
            if not chunk.rows:
                continue
            names = names or columns.of(chunk)
            order = (*names, columns.target) if columns.target else names
            drawn.add(np.column_stack([_column(chunk, name, path, before) for name in order]))
            before += chunk.rows
    if not names:
        raise BaselineError(f"{paths[0]}: no rows: there is nothing to try the model on")
    rows = drawn.rows()
    return Table(names, rows[:, :-1], rows[:, -1]) if columns.target else Table(names, rows)


def reference_row(baseline: Baseline, names: Sequence[str]) -> FloatArray:
    """Return what is normal of each feature, shape (features,): the mean, or the most frequent code of a category.

    Raises ``BaselineError`` for a feature that the baseline does not have, and for categories that are not numbers.
    """
    known = {feature.name: feature for feature in baseline.features}
    values = []
    for name in names:
        feature = known.get(name)
        if feature is None:
            raise BaselineError(f"column {name!r}: the baseline has no such feature{or_nearest(name, known)}")
        if isinstance(feature, NumericReference):
            values.append(feature.mean)
            continue
        frequent = feature.categories[int(np.argmax(feature.counts[: len(feature.categories)]))]
        try:
            values.append(float(frequent))
        except ValueError:
            raise BaselineError(
                f"column {name!r}: its categories are names like {frequent!r} in the baseline, not the codes that the "
                "model takes: leave --baseline out, or fit it to the codes"
            ) from None
    return np.array(values, dtype=np.float64)


class _Drawn:
    """The rows with the smallest random keys of all that came: a sample that does not depend on how chunks fall."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self._size, self._rng, self._came = size, rng, 0
        self._keys, self._numbers = np.empty(0), np.empty(0, dtype=np.int64)
        self._rows: FloatArray | None = None

    def add(self, rows: FloatArray) -> None:
        keys = np.concatenate([self._keys, self._rng.random(len(rows))])
        numbers: IntArray = np.concatenate([self._numbers, np.arange(self._came, self._came + len(rows))])
        held = rows if self._rows is None else np.concatenate([self._rows, rows])
        best = np.argsort(keys, kind="stable")[: self._size]
        self._keys, self._numbers, self._rows = keys[best], numbers[best], held[best]
        self._came += len(rows)

    def rows(self) -> FloatArray:
        assert self._rows is not None
        return self._rows[np.argsort(self._numbers)]


def _column(chunk: Chunk, name: str, path: Path, before: int) -> FloatArray:
    values = np.full(chunk.rows, np.nan)
    cells = chunk.columns.get(name)
    if cells is not None:
        values[slice(None) if cells.rows is None else cells.rows] = cells.numbers_in_order(dates=False).numbers
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise BaselineError(
            f"{path}, row {before + int(bad[0]) + 1:,}: column {name!r}: no finite number; give the rows as the model "
            "takes them, missing values filled and categories as codes, or leave columns out with --features"
        )
    return values
