"""Fitting from Python: a data frame in, a baseline out."""

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from baselines.baseline import Baseline

if TYPE_CHECKING:
    from baselines.fitting.files import Training

_OPTION = re.compile(r"--(numeric|categorical) (\S+)")


class FitRemark(UserWarning):
    """What fitting decided, and a person may want otherwise."""


def fit(
    data: object,
    *,
    numeric: Iterable[str] = (),
    categorical: Iterable[str] = (),
    drop: Iterable[str] = (),
    time: str = "",
    importance: Mapping[str, float] | Path | None = None,
    cells: int = 1_000,
) -> Baseline:
    """Fit a baseline to a data frame (polars, pandas, pyarrow), or to files by their paths; as ``driftline fit`` does.

    The same rows in the same order give the same fingerprint, whatever they come from. ``numeric`` and ``categorical``
    override the kinds that the values have; ``drop``, and ``time``, which holds the rows' times, are no features.
    ``importance`` is weights by feature, or their file. ``cells`` is how many values a numeric feature keeps.

    What was decided that you may want otherwise is a ``FitRemark``, a warning. Raises ``BaselineError`` for data that
    cannot be read, and for names that are none of its columns.
    """
    from baselines.fitting import FitOptions  # noqa: PLC0415 - scipy, which a running consumer need not load for this
    from baselines.fitting import fit as fit_baseline  # noqa: PLC0415

    weights = importance if isinstance(importance, Path) else None
    options = FitOptions(
        names_of(numeric), names_of(categorical), names_of(drop), cells=cells, time=time, importance=weights
    )
    baseline = fit_baseline(training(data), options, tell=remark)
    return baseline.with_importance(importance) if isinstance(importance, Mapping) else baseline


def training(data: object) -> Sequence["Training"]:
    """Return what fitting reads: files where paths were given, else the data frame."""
    from baselines.fitting.frame import Frame  # noqa: PLC0415

    if isinstance(data, str | Path):
        return [Path(data)]
    if isinstance(data, list | tuple) and data and all(isinstance(one, str | Path) for one in data):
        return [Path(one) for one in data]
    return [Frame.of(data)]


def names_of(given: Iterable[str]) -> frozenset[str]:
    """Return names, or the one that a text is."""
    return frozenset([given] if isinstance(given, str) else given)


def remark(note: str) -> None:
    """Tell what fitting decided, as a warning where the function that fits was called."""
    said = _OPTION.sub(lambda found: f"{found[1]}={found[2].split(',')}", note)
    warnings.warn(said, FitRemark, stacklevel=4)
