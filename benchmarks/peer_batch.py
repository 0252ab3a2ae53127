"""frouros and evidently, window by window, over streams in npz files; a program of its own for their own environment.

    python benchmarks/peer_batch.py FOLDER METHOD,METHOD KEY...

Reads FOLDER/KEY.npz (``r_NAME`` and ``s_NAME`` per feature, ``window``), writes FOLDER/KEY.METHOD.npz with ``scores``
of shape (windows, features), larger being more drift and 1 being where the method's own default says so. Methods:

frouros KS, chi2        log p over log 0.05, KSTest for numbers and ChiSquareTest for categories
frouros PSI             PSI over 0.2, the usual rule of thumb (the library has no default), numbers only
frouros MMD             the distance itself, one for all numeric features (the library has no default)
evidently               the score of each column over its threshold; p-values turned round
"""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

Columns = dict[str, np.ndarray]
MMD_ROWS = 1_000


def main() -> None:
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    folder, methods, keys = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:]
    for key in keys:
        with np.load(folder / f"{key}.npz") as data:
            window = int(data["window"])
            reference = {name[2:]: data[name] for name in data.files if name.startswith("r_")}
            stream = {name: data[f"s_{name}"] for name in reference}
        starts = range(0, len(next(iter(stream.values()))) - window + 1, window)
        windows = [{name: column[at : at + window] for name, column in stream.items()} for at in starts]
        for method in methods:
            np.savez(folder / f"{key}.{method}.npz", scores=np.array(METHODS[method](reference, windows)))


def numeric(column: np.ndarray) -> bool:
    return column.dtype.kind == "f"


def frouros_tests(reference: Columns, windows: list[Columns]) -> list[list[float]]:
    from frouros.detectors.data_drift import ChiSquareTest, KSTest  # noqa: PLC0415

    fitted = {}
    for name, column in reference.items():
        fitted[name] = KSTest() if numeric(column) else ChiSquareTest()
        fitted[name].fit(X=column[~np.isnan(column)] if numeric(column) else column)
    return [[_p_score(_compare(fitted[name], column)) for name, column in window.items()] for window in windows]


def _compare(detector: object, column: np.ndarray) -> float:
    usable = column[~np.isnan(column)] if numeric(column) else column
    return float(detector.compare(X=usable)[0].p_value) if len(usable) else 1.0


def _p_score(p: float) -> float:
    return np.log(max(p, 1e-300)) / np.log(0.05)


def frouros_psi(reference: Columns, windows: list[Columns]) -> list[list[float]]:
    from frouros.detectors.data_drift import PSI  # noqa: PLC0415

    fitted = {name: PSI(num_bins=10) for name, column in reference.items() if numeric(column)}
    for name, detector in fitted.items():
        detector.fit(X=reference[name][~np.isnan(reference[name])])
    return [
        [_distance(fitted[name], column) / 0.2 if name in fitted else 0.0 for name, column in window.items()]
        for window in windows
    ]


def _distance(detector: object, column: np.ndarray) -> float:
    usable = column[~np.isnan(column)]
    return float(detector.compare(X=usable)[0].distance) if len(usable) else 0.0


def frouros_mmd(reference: Columns, windows: list[Columns]) -> list[list[float]]:
    from frouros.detectors.data_drift import MMD  # noqa: PLC0415

    names = [name for name, column in reference.items() if numeric(column)]
    centre = np.array([np.nanmean(reference[name]) for name in names])
    spread = np.array([np.nanstd(reference[name]) or 1.0 for name in names])

    def matrix(columns: Columns) -> np.ndarray:
        rows = (np.column_stack([columns[name] for name in names]) - centre) / spread
        return np.nan_to_num(rows)

    detector = MMD()
    detector.fit(X=matrix(reference)[-MMD_ROWS:])
    return [[float(detector.compare(X=matrix(window))[0].distance)] * len(window) for window in windows]


def evidently(reference: Columns, windows: list[Columns]) -> list[list[float]]:
    from evidently import DataDefinition, Dataset, Report  # noqa: PLC0415
    from evidently.metrics import ValueDrift  # noqa: PLC0415

    numbers = [name for name, column in reference.items() if numeric(column)]
    definition = DataDefinition(
        numerical_columns=numbers, categorical_columns=[name for name in reference if name not in numbers]
    )
    known = Dataset.from_pandas(_table(reference), data_definition=definition)
    report = Report([ValueDrift(column=name) for name in reference])
    scores = []
    for window in windows:
        done = report.run(Dataset.from_pandas(_table(window), data_definition=definition), known).dict()
        scores.append([_evident(metric) for metric in done["metrics"]])
    return scores


def _table(columns: Columns) -> object:
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame({n: c if numeric(c) else np.where(c == "", None, c.astype(object)) for n, c in columns.items()})


def _evident(metric: dict) -> float:
    config, value = metric["config"], float(metric["value"])
    if "p_value" in config["method"]:
        return np.log(max(value, 1e-300)) / np.log(config["threshold"])
    return value / config["threshold"]


METHODS: dict[str, Callable[[Columns, list[Columns]], list[list[float]]]] = {
    "frouros KS chi2": frouros_tests,
    "frouros PSI": frouros_psi,
    "frouros MMD": frouros_mmd,
    "evidently": evidently,
}

if __name__ == "__main__":
    main()
