"""A record that breaks the decoder itself: it is rejected, and the others of its batch are counted.

A decoder answers for everything that a record can hold, and rejects what is no event. An exception is therefore a fault
of ours; but passed on, it would end the process, and the next one would meet the same record: one record would stop a
partition for ever. This is the one place beside the top of a process where errors of every kind are caught.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from consumers.decode import Decoder
from consumers.decode.lenient import Refused
from consumers.raw import Decoded, RawBatch, RawRecord, Rejected
from consumers.source import LogRefused, LogUnavailable

REASON = "undecodable"
_log = logging.getLogger("driftline.events")
_Read = TypeVar("_Read")


def decode_all(decoder: Decoder, batch: RawBatch) -> Decoded:
    """Decode a batch; the records that raise, found one by one, are rejected as ``undecodable``."""
    try:
        return decoder.decode(batch)
    except (LogUnavailable, LogRefused):
        # Nobody's record is at fault: a registry of schemas does not answer.
        raise
    except Exception:
        poison = [reject for place in range(len(batch)) if (reject := _tried(decoder, batch, place))]
        if not poison:
            raise
    bad = {reject.offset for reject in poison}
    decoded = decoder.decode(batch.part([place for place, at in enumerate(batch.offsets) if at not in bad]))
    rejected = sorted([*decoded.rejected, *poison], key=lambda reject: reject.offset)
    return replace(decoded, rejected=tuple(rejected))


def read_alone(read: Callable[[RawRecord, int | None], _Read], raw: RawRecord, record_ms: int | None) -> _Read:
    """Return what is read of one record; raises Refused, as ``undecodable`` where the reader itself fails."""
    try:
        return read(raw, record_ms)
    except (Refused, LogUnavailable, LogRefused):
        raise
    except Exception as error:
        _log.exception("a reader of predictions or labels failed; please report it")
        raise Refused(REASON, f"{type(error).__name__}: {error}"[:200]) from error


def _tried(decoder: Decoder, batch: RawBatch, place: int) -> Rejected | None:
    """Decode one record alone; return it rejected if that raises."""
    try:
        decoder.decode(batch.part([place]))
    except Exception as error:
        offset = batch.offsets[place]
        _log.exception("%s-%d, offset %d: the decoder failed; please report it", batch.topic, batch.partition, offset)
        return Rejected(offset, REASON, f"{type(error).__name__}: {error}"[:200], batch.values[place])
    return None
