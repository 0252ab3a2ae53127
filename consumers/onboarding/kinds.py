"""What the columns are, found out by fitting the sample itself as `driftline fit` fits training data."""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from baselines import Baseline, BaselineError, CategoricalReference
from baselines.baseline import Reference
from baselines.fitting import FitOptions, fit

# Whole numbers that are mostly different, under a name like this, name somebody or something.
_ID_ENDINGS = ("id", "_no", "number", "uuid", "guid", "key")
_MOSTLY_DIFFERENT = 0.5
_LEAST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Kinds:
    """A baseline of the sample, None where no column makes a feature; and what a person should know of the columns.

    ``digits`` are texts that are spelled as numbers: training data in csv must be told that they are categories.
    ``dropped`` are those that name something, and the time; ``remarks`` is what the fit said of others.
    """

    baseline: Baseline | None
    rows: int
    digits: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[Reference, ...]:
        """What the fit made features of."""
        return () if self.baseline is None else self.baseline.features


def find_kinds(rows: Sequence[Mapping[str, Any]], beside: Iterable[str], source: str) -> Kinds:
    """Fit the rows; ``beside`` are names of what is no feature (the time, the id), ``source`` names the sample."""
    names = dict.fromkeys(name for row in rows for name in row)
    dropped = tuple(name for name in names if name in set(beside) or _names_something(rows, name))
    said: list[str] = []
    try:
        baseline = replace(_fitted(rows, dropped, said), source=(source,))
    except BaselineError as error:
        return Kinds(None, len(rows), dropped=dropped, remarks=(str(error).split(": ", 1)[-1],))
    found = {feature.name: feature for feature in baseline.features}
    return Kinds(
        baseline,
        len(rows),
        digits=tuple(name for name in found if _spelled_as_numbers(rows, name)),
        dropped=dropped,
        constant=tuple(name for name, feature in found.items() if _is_constant(feature)),
        remarks=tuple(said),
    )


def _fitted(rows: Sequence[Mapping[str, Any]], dropped: Sequence[str], said: list[str]) -> Baseline:
    """Fit by way of a file, as all training data goes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.jsonl"
        path.write_text("".join(json.dumps(row, default=_plain) + "\n" for row in rows), encoding="utf-8")
        return fit([path], FitOptions(drop=frozenset(dropped)), tell=said.append)


def _plain(value: Any) -> Any:
    """Return a value of another format than JSON as JSON has it."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _names_something(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [value for row in rows if (value := row.get(name)) is not None]
    if len(values) < _LEAST_ROWS or not name.lower().endswith(_ID_ENDINGS):
        return False
    whole = all(type(value) is int for value in values)
    return whole and len(set(values)) > _MOSTLY_DIFFERENT * len(values)


def _spelled_as_numbers(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [value for row in rows if (value := row.get(name)) is not None]
    return bool(values) and all(isinstance(value, str) and _is_number(value) for value in values)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_constant(feature: Reference) -> bool:
    if isinstance(feature, CategoricalReference):
        return len(feature.categories) == 1
    return feature.minimum == feature.maximum
