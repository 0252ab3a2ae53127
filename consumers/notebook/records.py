"""Rows of plain values with a way into every data frame library, none of which driftline needs itself."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, overload

from baselines.shown import html_table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 10


class Records(Sequence[Mapping[str, Any]]):
    """A list of flat rows; a field in a field is named with a dot (``segment.country``).

    Times in milliseconds stand a second time as moments, without ``_ms`` in their names. ``order`` names the columns
    that come first; they are all that is shown.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], order: Sequence[str] = ()) -> None:
        self._rows = [_flat(row) for row in rows]
        names = dict.fromkeys(order)
        for row in self._rows:
            names.update(dict.fromkeys(row))
        self.columns = tuple(names)
        self._order = tuple(order)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> "Records": ...
    def __getitem__(self, index: int | slice) -> "Mapping[str, Any] | Records":
        """Return a row, or some of them."""
        return Records(self._rows[index], self._order) if isinstance(index, slice) else self._rows[index]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def where(self, **values: object) -> "Records":
        """Return the rows that have these values: ``findings.where(feature="age", drift=True)``."""
        kept = (row for row in self._rows if all(row.get(name) == value for name, value in values.items()))
        return Records(kept, self._order)

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the values by column, None where a row has none."""
        return {name: [row.get(name) for row in self._rows] for name in self.columns}

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame``."""
        import pandas as pd  # noqa: PLC0415 - the caller's own

        return pd.DataFrame(self.to_dict())

    def to_polars(self) -> Any:
        """Return a ``polars.DataFrame``."""
        import polars as pl  # noqa: PLC0415 - the caller's own

        return pl.DataFrame(self.to_dict(), strict=False)

    def to_arrow(self) -> Any:
        """Return a ``pyarrow.Table``."""
        import pyarrow as pa  # noqa: PLC0415 - an optional extra

        return pa.table(self.to_dict())

    def __repr__(self) -> str:
        """Return the first rows, a line each."""
        lines = [
            "  ".join(f"{name}={cell}" for name, cell in zip(self._shown(), row, strict=True)) for row in self._cells()
        ]
        return "\n".join([f"{len(self):,} rows", *lines, *self._more()])

    def _repr_html_(self) -> str:
        return html_table(self._shown(), self._cells(), caption=f"{len(self):,} rows") + "".join(self._more())

    def _shown(self) -> Sequence[str]:
        return self._order or self.columns

    def _cells(self) -> list[list[str]]:
        return [[_short(row.get(name, "")) for name in self._shown()] for row in self._rows[:_SHOWN]]

    def _more(self) -> list[str]:
        return [f"... and {len(self) - _SHOWN:,} more"] if len(self) > _SHOWN else []


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
            continue
        flat[before + name] = value
        if name.endswith("_ms") and isinstance(value, int):
            flat[before + name.removesuffix("_ms")] = _EPOCH + timedelta(milliseconds=value)
    return flat


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
