"""Tables in memory (polars, pandas, pyarrow, what else narwhals knows or speaks Arrow), read as Parquet files are."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from baselines.errors import BaselineError
from baselines.fitting.arrow import check_columns, read_table
from baselines.fitting.cells import Chunk

# How pandas calls an index without a name when it makes a column of it.
_NAMELESS_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True, eq=False)
class Frame:
    """A table in memory, as a ``pyarrow.Table``; ``name`` is what errors and the baseline's ``source`` call it."""

    table: Any
    name: str = "data frame"

    @classmethod
    def of(cls, data: object, name: str = "data frame") -> "Frame":
        """Take a data frame (polars, lazy too, pandas, pyarrow, ...), a mapping of columns, or an Arrow stream.

        The index of a pandas frame is a column where it has a name. Raises ``BaselineError`` for what is no table, for
        columns that Arrow cannot hold, and where pyarrow or narwhals are not installed.
        """
        try:
            import pyarrow as pa  # noqa: PLC0415 - an optional extra

            table = _table(pa, data)
        except ImportError as error:
            raise BaselineError(f"{name}: needs pyarrow and narwhals: pip install 'driftline[notebook]'") from error
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            said = "; ".join(str(part) for part in error.args)
            raise BaselineError(f"{name}: a column has values of several types: {said}") from error
        names = [column for column in table.column_names if not _NAMELESS_INDEX.fullmatch(column)]
        check_columns(names, name)
        return cls(table.select(names), name)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows in chunks of bounded size."""
        return read_table(self.table)

    def __str__(self) -> str:
        return self.name


def _table(pa: Any, data: object) -> Any:
    if isinstance(data, Mapping):
        return pa.table(dict(data))
    import narwhals as nw  # noqa: PLC0415 - an optional extra

    try:
        frame = nw.from_native(data)  # type: ignore[call-overload]
    except TypeError:
        if hasattr(data, "__arrow_c_stream__"):
            return pa.table(data)
        raise BaselineError(f"a {type(data).__name__} is no table: give a data frame, or the path of a file") from None
    except nw.exceptions.NarwhalsError as error:
        raise BaselineError(" ".join(str(error).split())) from error
    return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_arrow()
