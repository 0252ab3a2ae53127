"""A sample, decoded and sifted as the counter would: rows, ledger, and a reason in words for each kind of reject."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from baselines.cells import FloatArray
from consumers.assembly import Assembly
from consumers.onboarding.pace import Pace, pace_of
from consumers.onboarding.sample import Sample
from consumers.undecodable import decode_all
from stream.ledger import Ledger
from stream.rows import Rows

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class DecodedSample:
    """``rows`` are all rows that could be read, also those that are late or ahead.

    ``behind_ms`` is how far each row lies behind the newest before it in its partition, ``skew_ms`` how far before its
    record's own time (none of a file). ``details`` has one sentence for each reason of rejects.
    """

    rows: Rows | None
    ledger: Ledger
    details: Mapping[str, str]
    pace: Pace
    behind_ms: FloatArray
    skew_ms: FloatArray


def decode_sample(assembly: Assembly, sample: Sample) -> DecodedSample:
    """Decode and sift a sample; partitions are told apart as in the stream."""
    decoder, tallier = assembly.new_decoder(), assembly.new_tallier()
    ledger, details = Ledger(), dict[str, str]()
    newest: dict[tuple[str, int], int | None] = {}
    parts: list[Rows] = []
    times: dict[tuple[str, int], list[FloatArray]] = {}
    skews = [np.empty(0)]
    for batch in sample.batches:
        decoded = decode_all(decoder, batch)
        place = (batch.topic, batch.partition)
        for reject in decoded.rejected:
            details.setdefault(reject.reason, f"{place[0]}-{place[1]}, offset {reject.offset}: {reject.detail}")
        ledger.enter_read(len(batch), decoded.foreign, (one.reason for one in decoded.rejected), decoded.foreign_rows)
        parts.append(decoded.rows)
        times.setdefault(place, []).append(decoded.rows.times_ms.astype(np.float64))
        if decoded.rows.record_times_ms is not None:
            skews.append((decoded.rows.record_times_ms - decoded.rows.times_ms).astype(np.float64))
        _, newest[place] = tallier.sift(decoded.rows, newest.get(place), ledger)
    joined = {place: np.concatenate(some) for place, some in times.items()}
    behind = [np.maximum.accumulate(some) - some for some in joined.values() if len(some)]
    pace = pace_of([(some, len(some)) for some in joined.values()])
    lags = np.concatenate([*behind, np.empty(0)])
    return DecodedSample(_joined(parts), ledger, details, pace, lags, np.concatenate(skews))


def _joined(parts: list[Rows]) -> Rows | None:
    some = [part for part in parts if len(part)]
    return Rows.join(some) if some else None
