"""A table's columns -> rows to count, without an event in between: what they mean is what they mean in events."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from baselines.fitting.frame import Frame as Table
from consumers.assembly import Assembly, event_format
from consumers.decode.arrow import Arrow
from consumers.decode.format import Wanted
from consumers.decode.looker import Looker
from consumers.decode.table_decoder import TableDecoder
from consumers.notebook.rows import BATCH_ROWS, TOPIC, checked, is_moments, lines_of, with_epoch_ms
from consumers.raw import RawBatch
from consumers.replay import DecodedBatch
from stream.looks import chosen


def column_batches(assembly: Assembly, table: Table, time: str) -> Iterator[DecodedBatch] | None:
    """Return the rows, decoded, as batches of one partition; None where a column's values need to be written out.

    Raises SettingsError when there is no column ``time``.
    """
    checked(table, time)
    told = event_format(assembly.settings.events)
    names = tuple(feature.name for feature in assembly.baseline.features)
    wanted = Wanted(names, told)
    if any("." in path or path.startswith("@") for path in wanted.paths):
        return None
    types = dict(zip(table.table.column_names, table.table.schema.types, strict=True))
    if is_moments(types[time]):
        told = replace(told, timestamp_unit="ms")
    elif not _is_plain(types[time]):
        return None
    if not all(_is_plain(kind) for name, kind in types.items() if name in wanted.paths.union(names) and name != time):
        return None
    looker = None
    if assembly.settings.decision.schema_changes:
        looker = Looker(assembly.baseline, told, lambda batch, place: None)
    return _decoded(with_epoch_ms(table.table, time), TableDecoder(assembly.baseline, told), Arrow(wanted), looker)


def _decoded(table: Any, decoder: TableDecoder, arrow: Arrow, looker: Looker | None) -> Iterator[DecodedBatch]:
    start = 0
    for batch in table.to_batches(max_chunksize=BATCH_ROWS):
        found = decoder.decode(arrow.frame(batch), start)
        if looker is not None:
            found = replace(found, rows=looker.looked(_written(batch, start), found.rows, ()))
        yield DecodedBatch(TOPIC, 0, batch.num_rows, found)
        start += batch.num_rows


def _written(batch: Any, start: int) -> RawBatch:
    """Write out the rows that are looked at closer: a look is at all that an event holds."""
    offsets = np.arange(start, start + batch.num_rows)
    sample = np.flatnonzero(chosen(offsets))
    return RawBatch(TOPIC, 0, offsets[sample].tolist(), lines_of(batch.take(sample)))


def _is_plain(kind: Any) -> bool:
    """Tell whether values of a type are JSON's own: numbers, texts, truth values, nulls."""
    from pyarrow import types  # noqa: PLC0415 - an optional extra

    if types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_null, types.is_string)
    return any(test(kind) for test in (*tests, types.is_large_string))
