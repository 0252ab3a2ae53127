"""The tap: one line in serving code, and what the model is asked and answers are events on a topic."""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from consumers.tap import endings
from consumers.tap.backlog import Backlog
from consumers.tap.contained import Contained
from consumers.tap.intake import Batch, Intake
from consumers.tap.predictions import ByShape
from consumers.tap.readings import Reading, Tabular
from consumers.tap.sampling import Sampler
from consumers.tap.snapshot import is_array, main_tensor
from consumers.tap.stats import Account, TapStats
from consumers.tap.watch import Watch
from consumers.tap.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import torch

    from consumers.tap.outlet import Outlet
    from consumers.tap.taken import Taken

_log = logging.getLogger("driftline.tap")


@dataclass(frozen=True, slots=True)
class TapLimits:
    """How much may wait in memory, and for how long the end of the process waits for it."""

    batches: int = 1_024
    memory_bytes: int = 67_108_864
    exit_s: float = 5.0


_BY_SHAPE, _LIMITS = ByShape(), TapLimits()


class Tap:
    """Takes what a model is asked and answers, and never keeps it waiting.

    ``features`` are the names of the columns of a tabular input [N, F], or a reading of another kind of input; None
    leaves inputs out. ``predictions`` is the reading of outputs; None leaves them out. ``sample`` is the share of
    rows to take, each by its own chance from ``generator``. ``fields`` stand in every event beside its features
    (``{"model": "house-prices"}``). Raises ValueError for a share that is none.

    Once made, nothing of it raises: whatever goes wrong is counted in ``stats()`` and logged once.
    """

    def __init__(
        self,
        outlet: Outlet,
        *,
        features: Sequence[str] | Reading | None = None,
        predictions: Reading | None = _BY_SHAPE,
        sample: float = 1.0,
        fields: Mapping[str, object] | None = None,
        limits: TapLimits = _LIMITS,
        generator: np.random.Generator | None = None,
    ) -> None:
        self._outlet, self._limits, self._predictions = outlet, limits, predictions
        self._features = features if features is None or callable(features) else Tabular(tuple(features))
        self._sampler = Sampler(sample, generator)
        self._fields = dict(fields or {}) | ({"sample": sample} if sample < 1 else {})
        self._request: ContextVar[tuple[Any, Any]] = ContextVar("driftline-tap", default=(None, None))
        self._closed = False
        self._begin()
        endings.see_to(self)

    def _begin(self) -> None:
        """Make everything that belongs to one process alone."""
        self._run = uuid.uuid4().hex[:12]
        self._account = Account()
        self._contained = Contained(self._account)
        self._backlog: Backlog[Taken] = Backlog(self._limits.batches, self._limits.memory_bytes)
        self._intake = Intake(self._backlog, self._account, self._sampler)
        self._worker = Worker(self._backlog, self._send, self._report, self._contained)
        self._reported = 0

    def watch(self, model: torch.nn.Module, *, argument: int | str = 0) -> Watch:
        """Take every call of a module from now on; ``argument`` is its input, by place or by name.

        The output is a tensor, or something that holds it: ``.logits``, ``["logits"]`` or the first of a tuple.
        """
        return Watch(self, model, argument)

    def record(self, features: Any = None, prediction: Any = None, *, ids: Any = None, times: Any = None) -> None:
        """Take a batch by hand.

        ``features`` and ``prediction`` are read as those of a watched model are, or are columns by name: a dict or a
        data frame of arrays, tensors or sequences, single values being one row. ``ids`` and ``times`` (UTC ms, or
        any form that docs/events.md names) have one value per row; without, they are made up and now.
        """
        with self._contained:
            if self._closed:
                return
            rows = _rows(features if features is not None else prediction)
            batch = self._intake.begin(rows, _listed([ids] if isinstance(ids, str) else ids), _listed(times))
            self._add(batch, self._features, features)
            self._add(batch, self._predictions, prediction)
            self._queue(batch)

    @contextmanager
    def request(self, *, ids: Any = None, times: Any = None) -> Iterator[None]:
        """Give the rows that a watched model is asked inside the block ids and times of your own."""
        token = self._request.set((ids, times))
        try:
            yield
        finally:
            self._request.reset(token)

    def stats(self) -> TapStats:
        """Return what became of the rows so far, in this process."""
        return self._account.stats()

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until every row has its fate, at most so long; return whether that is so."""
        deadline_s = time.monotonic() + timeout_s
        self._backlog.drained(timeout_s)
        with self._contained:
            self._outlet.flush(max(0.0, deadline_s - time.monotonic()))
        now = self.stats()
        return now.queued == now.unconfirmed == 0

    def close(self, timeout_s: float = 5.0) -> bool:
        """Flush, and take nothing more; return what `flush` returned. Watched models go on without it."""
        if self._closed:
            return True
        self._closed = True
        deadline_s = time.monotonic() + timeout_s
        done = self.flush(timeout_s)
        self._worker.stop(max(0.0, deadline_s - time.monotonic()))
        with self._contained:
            self._outlet.close(max(0.0, deadline_s - time.monotonic()))
        self._report()
        return done

    def entered(self, values: Any) -> Batch | None:
        """See `Watching.entered`."""
        with self._contained:
            if self._closed or values is None or self._features is None:
                return None
            batch = self._asked(len(values))
            self._intake.add(batch, self._features, values)
            return batch
        return None

    def left(self, batch: Batch | None, output: Any) -> None:
        """See `Watching.left`."""
        with self._contained:
            answer = main_tensor(output) if self._predictions is not None else None
            if self._features is None and answer is not None and not self._closed:
                batch = self._asked(len(answer))
            if batch is None:
                return
            if self._predictions is not None and answer is not None and len(answer) == batch.rows:
                self._intake.add(batch, self._predictions, answer)
            self._queue(batch)

    def after_fork(self) -> None:
        """Begin anew in a forked child: its parent sends what was queued."""
        self._sampler.reseed()
        self._outlet.forget()
        self._begin()

    def at_exit(self) -> None:
        """Send what is left before the process ends, within the deadline of the limits."""
        self.close(self._limits.exit_s)

    def _asked(self, rows: int) -> Batch:
        ids, times = self._request.get()
        return self._intake.begin(rows, _listed(ids), _listed(times))

    def _queue(self, batch: Batch) -> None:
        if self._intake.end(batch):
            self._worker.ensure()

    def _add(self, batch: Batch, reading: Reading | None, values: Any) -> None:
        if values is None:
            return
        if hasattr(values, "items"):
            for name, column in values.items():
                self._intake.add_column(batch, name, column if np.ndim(column) else [column])
        elif reading is None:
            raise ValueError("a matrix needs names: give the tap `features`, or record columns by name")
        else:
            array = values if is_array(values) else np.asarray(values)
            self._intake.add(batch, reading, array if array.ndim else array.reshape(1))

    def _send(self, taken: Taken) -> None:
        lines: list[bytes] | None = None
        with self._contained:
            lines = taken.lines(self._run, self._fields)
        if lines is None:
            self._account.dropped(taken.count, "unread")
            return
        self._account.handed_over(len(lines))
        self._outlet.send(lines, self._account.settled)

    def _report(self) -> None:
        """Log what was lost since the last time; normal running is quiet."""
        now = self.stats()
        lost = sum(now.dropped.values())
        if lost > self._reported:
            why = ", ".join(f"{reason} {rows}" for reason, rows in sorted(now.dropped.items()))
            _log.warning("%d rows more have no event; of %d rows so far: %s", lost - self._reported, now.rows, why)
            self._reported = lost


def _rows(values: Any) -> int:
    """Return how many rows a batch has; single values are one row."""
    if hasattr(values, "items"):
        values = next(iter(dict(values.items()).values()))
    return len(values) if np.ndim(values) else 1


def _listed(values: Any) -> Any:
    """Return a list of what may change later; None and single values as they are."""
    if np.ndim(values) == 0:
        return values
    return values.tolist() if hasattr(values, "tolist") else list(values)
