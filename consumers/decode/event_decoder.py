"""The decoder: records of one partition -> rows, quick for what is as it should be and patient with everything else."""

import numpy as np

from baselines.baseline import Baseline
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.event_format import EventFormat
from consumers.decode.looker import Looker
from consumers.decode.parts import Part, rejected, rows_of
from consumers.decode.patient import PatientReader
from consumers.decode.quick import QuicklyRead, quick_reader
from consumers.decode.schemas import Registry
from consumers.raw import Decoded, RawBatch


class EventDecoder:
    """Decodes events of the configured format for the features of a baseline.

    What happens to an event is a function of its own bytes and headers (and, without a timestamp path, of its record's
    timestamp): neighbours in the batch change nothing. Unknown fields are passed over. Of a key that occurs twice the
    last counts. ``looks`` False: no event is looked at closer (`consumers.decode.looker`).
    """

    def __init__(
        self, baseline: Baseline, event_format: EventFormat, registry: Registry | None = None, *, looks: bool = True
    ) -> None:
        self._empty = Part.empty(baseline, event_format)
        codes = tuple(CategoryCodes(reference) for reference in baseline.categorical)
        self._patient = PatientReader(baseline, event_format, codes, registry)
        self._looker = Looker(baseline, event_format, self._patient.first) if looks else None
        # None where no event can be read in the quick way.
        self.quick = quick_reader(baseline, event_format, codes, self._patient.shapes, self._patient.telling)

    def decode(self, batch: RawBatch) -> Decoded:
        """Return rows in offset order, the records refused and why, and how many are foreign."""
        read = QuicklyRead(self._empty, range(len(batch))) if self.quick is None else self.quick.read(batch)
        parts, refused, others = [read.part], dict(read.refused), 0
        if read.rest:
            found = self._patient.read(batch, read.rest)
            refused.update(found.refused)
            others = sum(n for place, n in found.foreign_rows.items() if place not in refused)
            parts = [part for part in (read.part, *found.parts) if len(part.places)] or parts
        rows = rows_of(batch, parts, refused)
        if self._looker is not None:
            rows = self._looker.looked(batch, rows, (*read.rest, *read.enveloped))
        events = int(np.count_nonzero(np.diff(rows.offsets))) + 1 if len(rows) else 0
        told = tuple(rejected(batch, place, refused[place]) for place in sorted(refused))
        return Decoded(rows, told, len(batch) - events - len(told), others)
