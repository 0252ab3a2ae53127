"""From a sample to all that a configuration says, each part with what speaks for it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from baselines import Baseline
from consumers.decode.event_format import split_path
from consumers.decode.schemas import Registry
from consumers.errors import SettingsError
from consumers.onboarding.clock import Clock, find_clocks, lateness_for
from consumers.onboarding.features import Place, find_features
from consumers.onboarding.kinds import Kinds, find_kinds
from consumers.onboarding.marks import Marks, find_marks
from consumers.onboarding.opened import Event, Seen, open_sample
from consumers.onboarding.pace import Pace, every_for, pace_of
from consumers.onboarding.sample import Sample
from consumers.onboarding.values import Column, columns_of, rows_of, value_at
from consumers.settings.schedule import ScheduleSettings

_MOST_ROWS = 20_000
_SHOWN_REASONS = 3
# What to do where most records are refused for one of these reasons.
_REMEDIES = {
    "no_registry": "name the Schema Registry: --registry URL",
    "unknown_schema": "is --registry the one that the events' producers write to?",
    "missing_extra": "install that, here and where driftline is to run",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was found in a sample; ``others`` and ``clocks`` are what else it could be, the likeliest first.

    ``where`` is the model whose events have the baseline's features, where there are several; "" is none.
    """

    sample: Sample
    seen: Seen
    place: Place
    others: Sequence[Place]
    clock: Clock | None
    clocks: Sequence[Clock]
    marks: Marks
    pace: Pace
    every_ms: int | None
    lateness_ms: int
    kinds: Kinds
    where: str = ""
    missing: Sequence[str] = field(default=())

    @property
    def name(self) -> str:
        """A name for the monitor: the topic's, which no other monitor has, with the model's where it watches only that.

        Of a file, that of the only model, or the file's.
        """
        models = list(self.marks.models)
        if self.sample.of_topic:
            stem = f"{self.sample.name}-{self.where}" if self.where else self.sample.name
        else:
            whose = models[0] if len(models) == 1 else self.sample.name.split(".json")[0].split(".ndjson")[0]
            stem = self.where or whose
        return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:100] or "monitor"


def propose(sample: Sample, baseline: Baseline | None, registry: Registry | None = None) -> Proposal:
    """Look at a sample; raises SettingsError where nothing in it can be read."""
    features = None if baseline is None else tuple(feature.name for feature in baseline.features)
    place, others = find_features(sample, features, registry)
    seen = open_sample(sample, place.guess, registry)
    if not place.read or not seen.events or (baseline is not None and not place.fit):
        raise SettingsError(_unreadable(sample, seen, place, baseline))
    marks = find_marks(_beside(columns_of(seen.events, place.columns), place, seen.events))
    where = _where(seen.events, marks, features)
    events = [event for event in seen.events if not where or _model_of(event, marks) == where]
    clocks = find_clocks(columns_of(events, place.columns), events, sample)
    schedule = ScheduleSettings()
    pace = _pace(events, clocks, sample)
    return Proposal(
        sample,
        seen,
        place,
        others,
        clock=clocks[0] if clocks else None,
        clocks=clocks[1:],
        marks=marks,
        pace=pace,
        every_ms=every_for(pace, schedule.min_samples),
        lateness_ms=lateness_for(clocks[0], events, schedule.lateness_ms) if clocks else schedule.lateness_ms,
        kinds=find_kinds(rows_of(events, _MOST_ROWS), _no_features(place, clocks, marks), sample.name),
        where=where,
        missing=() if features is None else sorted(set(features) - set(place.columns)),
    )


def _beside(columns: Iterable[Column], place: Place, events: Sequence[Event]) -> list[Column]:
    """Return what is no feature: all that does not stand with them, or, where they are the event, all of it."""
    paths = place.guess.paths
    inside = {f"{path}.{name}" if path else name for path in paths for name in place.columns}
    if "" in paths:
        inside = {name for name in inside if not any(_is_beside(event, name) for event in events[:50])}
    return [column for column in columns if column.path not in inside]


def _is_beside(event: Event, name: str) -> bool:
    """Tell whether an event has a single value of that name, or only its rows have."""
    value = event.record.at(split_path(name))
    return value is not None and not isinstance(value, list | dict)


def _no_features(place: Place, clocks: Sequence[Clock], marks: Marks) -> set[str]:
    """Return the names that stand with the features, and are none."""
    named = {marks.id, marks.model, marks.model_version, *(clock.path for clock in clocks)} - {None}
    return {str(path).removeprefix(f"{prefix}.") for path in named for prefix in place.guess.paths}


def _where(events: Sequence[Event], marks: Marks, features: Sequence[str] | None) -> str:
    """Return the only model whose events have most of the baseline's features, where others have few of them."""
    if features is None or len(marks.models) < 2:
        return ""
    found: dict[str, set[str]] = {}
    for event in events:
        found.setdefault(_model_of(event, marks), set()).update(event.table.names)
    ours = [model for model, names in found.items() if 2 * len(names & set(features)) >= len(features)]
    return ours[0] if len(ours) == 1 else ""


def _model_of(event: Event, marks: Marks) -> str:
    return str(value_at(event, marks.model or ""))


def _pace(events: Sequence[Event], clocks: Sequence[Clock], sample: Sample) -> Pace:
    if not clocks:
        return Pace(sum(len(event.table) for event in events), 0, 0.0)
    parts = []
    for _, some in groupby(range(len(events)), key=lambda at: _partition(events[at], sample)):
        index = list(some)
        parts.append((clocks[0].times_ms[np.array(index)], sum(len(events[at].table) for at in index)))
    return pace_of(parts)


def _partition(event: Event, sample: Sample) -> tuple[str, int]:
    batch = sample.batches[event.batch]
    return batch.topic, batch.partition


def _unreadable(sample: Sample, seen: Seen, place: Place, baseline: Baseline | None) -> str:
    if seen.read and baseline is not None:
        known = ", ".join(feature.name for feature in baseline.features[:5])
        there = ", ".join(place.columns[:5]) or "no single values"
        return f"{sample.name}: none of the baseline's features ({known}, ...) is in the events, which have {there}"
    told = [
        f"{n:,} {reason} ({seen.details.get(reason, 'no rows for a monitor')})"
        for reason, n in seen.refused.most_common(_SHOWN_REASONS)
    ]
    (worst, _), *_rest = seen.refused.most_common(1) or [("", 0)]
    return (
        f"{sample.name}: none of {seen.records:,} records can be read: {'; '.join(told) or 'there are none'}; "
        f"{_REMEDIES.get(worst, 'the formats page says what is read; values without names need --baseline')}"
    )
