"""Tables of any form -> the columns of a baseline's features."""

from collections.abc import Sequence
from typing import Any

from baselines.baseline import Baseline
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.frame import Frame
from consumers.decode.tables import Table
from consumers.decode.values import categorical_column, numeric_columns, numeric_columns_of, present_columns
from stream.rows import CategoricalColumn, NumericColumn


class FeatureColumns:
    """Finds the features of a baseline in tables, by name; ``codes`` are those of its categorical features."""

    def __init__(self, baseline: Baseline, codes: Sequence[CategoryCodes]) -> None:
        self._numeric = tuple(feature.name for feature in baseline.numeric)
        self._categorical = tuple(feature.name for feature in baseline.categorical)
        self._codes = codes

    def of(self, table: Table) -> tuple[tuple[NumericColumn, ...], tuple[CategoricalColumn, ...]]:
        """Return the numeric and the categorical features of all rows; what is not there is missing."""
        if isinstance(table, Frame):
            return self._numbers(table), self._categories(_found(table, self._categorical))
        width = len(self._numeric)
        rows = list(table.rows((*self._numeric, *self._categorical)))
        texts = list(zip(*rows, strict=True))[width:] if self._codes else []
        return numeric_columns_of(rows, width), self._categories(texts)

    def _numbers(self, frame: Frame) -> tuple[NumericColumn, ...]:
        if frame.numbers.names == self._numeric:
            return present_columns(frame.numbers.values)
        return numeric_columns(_found(frame, self._numeric))

    def _categories(self, columns: Sequence[Any]) -> tuple[CategoricalColumn, ...]:
        return tuple(categorical_column(values, codes) for values, codes in zip(columns, self._codes, strict=True))


def _found(frame: Frame, names: Sequence[str]) -> list[Any]:
    missing = [None] * len(frame)
    return [missing if (column := frame.at(name)) is None else column for name in names]
