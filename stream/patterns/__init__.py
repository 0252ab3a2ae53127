"""Patterns: faults of a pipeline that a person knows by name, recognised in the counts of features that drift.

Read from cells, moments and category names alone, and only for the features of an event. Each kind has a stated
criterion; where none is met, nothing is said. ``docs/drift-events.md`` lists them, with the share of plain drift that
is taken for one.
"""

from collections.abc import Mapping
from itertools import chain

from baselines import NumericReference
from stream.counts import NameTables
from stream.patterns.absence import absence, rise
from stream.patterns.atoms import clipped, default_fill, quantised, stuck
from stream.patterns.categories import Categories, exchanged_names, recoded, renamed
from stream.patterns.columns import exchanged
from stream.patterns.numbers import Numbers, distance
from stream.patterns.pattern import Pattern
from stream.patterns.units import unit_change
from stream.sample import Sample

__all__ = ["Pattern", "recognise"]

# Fewer values than this make no pattern: moments and shares are too uncertain.
_LEAST_VALUES = 30
# Looking for the source of a column among more features than this would take long.
_MOST_SOURCES = 256
_PILED = (stuck, default_fill)
_NUMERIC = (unit_change, clipped, quantised)
_CATEGORICAL = (renamed, recoded)


def recognise(references: Mapping[str, Sample], window: Sample, names: NameTables) -> dict[str, Pattern]:
    """Return the patterns of the features in ``references``, one at most of each.

    ``references`` maps each feature to the sample that the window is compared with; all lie on the window's layout.
    ``names`` are the window's unseen categories by place in ``Baseline.categorical``.
    """
    baseline = window.layout.baseline
    numeric = {
        feature.name: (Numbers.of(references[feature.name], place), Numbers.of(window, place))
        for place, feature in enumerate(baseline.numeric)
        if feature.name in references
    }
    others = _other_sources(references, baseline.numeric) if numeric else {}
    training = Sample.of_baseline(window.layout)
    trained = {f.name: Numbers.of(training, place) for place, f in enumerate(baseline.numeric) if f.name in numeric}
    categorical = {
        feature.name: (
            Categories.of(references[feature.name], place),
            Categories.of(window, place, names.get(place, {})),
        )
        for place, feature in enumerate(baseline.categorical)
        if feature.name in references
    }
    found = {**_of_numbers(numeric, others, trained), **_of_categories(categorical)}
    return {name: found[name] for name in references if name in found}


def _other_sources(references: Mapping[str, Sample], features: tuple[NumericReference, ...]) -> dict[str, Numbers]:
    """Return the features that do not drift, as sources of columns that may have moved; none of very many."""
    if len(features) > _MOST_SOURCES:
        return {}
    sample = next(iter(references.values()))
    return {f.name: Numbers.of(sample, place) for place, f in enumerate(features) if f.name not in references}


def _of_numbers(
    sides: Mapping[str, tuple[Numbers, Numbers]], others: Mapping[str, Numbers], trained: Mapping[str, Numbers]
) -> dict[str, Pattern]:
    enough = {name: pair for name, pair in sides.items() if min(pair[0].n, pair[1].n) >= _LEAST_VALUES}
    sources = {name: pair[0] for name, pair in enough.items()}
    moved = exchanged({**sources, **others}, {name: pair[1] for name, pair in enough.items()})
    found = {}
    for name, (reference, window) in sides.items():
        specials, rows = (reference.specials, window.specials), (reference.rows, window.rows)
        absent = absence(name, specials, rows)
        body = distance(reference.shares, window.shares) if name in enough else 0.0
        # What was lost more of comes first: the values, or what they were.
        first = absent if absent and rise(specials, rows) >= body else moved.get(name)
        pattern = first or (_first_number(reference, window, trained[name]) if name in enough else None) or absent
        if pattern:
            found[name] = pattern
    return found


def _first_number(reference: Numbers, window: Numbers, trained: Numbers) -> Pattern | None:
    """Return the first pattern that fits; a value that piles up is one only where training did not know it so."""
    piled = (pattern for one in _PILED if (pattern := one(reference, window, trained)))
    others = (pattern for one in _NUMERIC if (pattern := one(reference, window)))
    return next(chain(piled, others), None)


def _of_categories(sides: Mapping[str, tuple[Categories, Categories]]) -> dict[str, Pattern]:
    enough = {name: pair for name, pair in sides.items() if min(pair[0].n, pair[1].n) >= _LEAST_VALUES}
    moved = exchanged_names({n: pair[0] for n, pair in enough.items()}, {n: pair[1] for n, pair in enough.items()})
    found = {}
    for name, (reference, window) in sides.items():
        absent = absence(name, (reference.specials, window.specials), (reference.rows, window.rows))
        known = next((p for one in _CATEGORICAL if (p := one(reference, window))), None) if name in enough else None
        pattern = moved.get(name) or known or absent
        if pattern:
            found[name] = pattern
    return found
