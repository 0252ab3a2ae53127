"""Labelled events as they are written: inference events like others, whose features are all that is known now."""

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import orjson

from consumers.decode.answers import plain_value
from consumers.decode.event_format import AROUND
from consumers.decode.pairs import LabelRead, PredictionRead


def labelled_event(
    read: PredictionRead, label: LabelRead, rows: Sequence[Mapping[str, Any]], source: Mapping[str, Any]
) -> bytes:
    """Return the event of a prediction and its label; one row is an object of features, several are a list of them.

    The values by which events are told apart stand where they stood in the event, but those among the features, which
    are under ``features`` now, and those around the event, which are under ``around``.
    """
    event: dict[str, Any] = {}
    for path, value in read.told_apart.items():
        _plant(event, f"{AROUND}.{path[1:]}" if path.startswith("@") else path, value)
    features = rows[0] if len(rows) == 1 else rows
    event |= {"id": read.id, "ts": read.time_ms, "label_ts": label.time_ms, "features": features, "source": source}
    try:
        written = orjson.dumps(event, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # What only the patient reader takes: integers of any length, half surrogate pairs.
        return json.dumps(event, default=_plain).encode()
    if b"null" in written and any(map(_is_odd, chain.from_iterable(row.values() for row in rows))):
        # orjson writes null for NaN and infinity, but null is a value that is missing.
        return json.dumps(event, default=_plain).encode()
    return written


def _is_odd(value: object) -> bool:
    return type(value) is float and not math.isfinite(value)


def _plain(value: Any) -> Any:
    """Return what JSON has no type for as events have it: formats know decimals, bytes and moments."""
    return plain_value(value) if isinstance(value, bytes | Decimal) else str(value)


def _plant(event: dict[str, Any], path: str, value: object) -> None:
    *parents, leaf = path.split(".")
    for key in parents:
        event = event.setdefault(key, {})
    event[leaf] = value
