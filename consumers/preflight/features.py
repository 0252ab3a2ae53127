"""The baseline's features beside those of live events: missing, extra, of another kind, of another size."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from baselines import Layout, NumericReference
from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS, Baseline, Reference
from consumers.assembly import Assembly
from consumers.decode.schemas import Registry
from consumers.onboarding.features import single_valued
from consumers.onboarding.opened import Guess, open_sample
from consumers.onboarding.sample import Sample
from consumers.preflight.line import Line, percent
from consumers.settings import Settings
from consumers.settings.places import nearest
from stream.counts import Counts
from stream.patterns import recognise
from stream.patterns.numbers import Numbers, distance
from stream.rows import Rows
from stream.sample import Sample as CountedSample

# Shares of values from which something is remarked, or wrong.
_SOME, _MOST = 0.01, 0.5
_MORE_MISSING = 0.2
# From this distance between the distributions on, a live sample does not look like the training data.
_APART = 0.5
_TIMES_AS_LARGE = 8.0
_LEAST_ROWS = 30
_NAMED = 3


def feature_lines(assembly: Assembly, rows: Rows, sample: Sample, registry: Registry | None = None) -> Iterator[Line]:
    """Say what is odd about each feature, and name what the events have beside them."""
    layout = assembly.layout
    counts = Counts.of(layout, replace(rows, segments=None))
    extra = extra_names(assembly.settings, assembly.baseline, sample, registry)
    odd = [
        *_numeric_lines(layout, counts, extra),
        *_categorical_lines(layout, counts, extra),
    ]
    odd += _size_lines(layout, counts, {line.about for line in odd})
    yield from odd
    fine = len(assembly.baseline.features) - len({line.about for line in odd})
    yield Line("ok", "features", f"{fine} of {len(assembly.baseline.features)} look like the training data")
    if extra:
        more = f" and {len(extra) - 10} more" if len(extra) > 10 else ""
        yield Line("ok", "features", f"not in the baseline, and passed over: {', '.join(extra[:10])}{more}")


def extra_names(settings: Settings, baseline: Baseline, sample: Sample, registry: Registry | None = None) -> list[str]:
    """Return the names of single values that stand with the features and are none, nor anything else that is read."""
    events = settings.events
    known = tuple(feature.name for feature in baseline.features)
    guess = Guess(known, events.features, events.more_features, events.format)
    seen = open_sample(sample, guess, registry, 200)
    read = {events.timestamp, events.id, events.model, events.model_version, *events.segment, *events.where} - {None}
    told = {str(path).removeprefix(f"{prefix}.") for path in read for prefix in guess.paths}
    return [name for name in single_valued(seen) if name not in told.union(known)]


def _numeric_lines(layout: Layout, counts: Counts, extra: Sequence[str]) -> Iterator[Line]:
    for place, feature in enumerate(layout.baseline.numeric):
        names = NUMERIC_SPECIALS
        specials = dict(zip(names, counts.cells[layout.numeric_specials(place)].tolist(), strict=True))
        reference = dict(zip(names, feature.counts[-len(names) :].tolist(), strict=True))
        yield from _absent(feature, specials, reference, (counts.rows, layout.baseline.n), extra)
        wrong = specials["wrong_type"] / counts.rows
        if wrong > _SOME + reference["wrong_type"] / layout.baseline.n:
            says = f"numeric in the baseline, but {percent(wrong)} of the events have text or something else there"
            change = f"if they are codes, fit the baseline with --categorical {feature.name}; else mend the sender"
            yield Line("problem" if wrong > _MOST else "warning", feature.name, says, change)
        odd = (specials["nan"] + specials["positive_infinity"] + specials["negative_infinity"]) / counts.rows
        if odd > _SOME:
            yield Line(
                "warning", feature.name, f"{percent(odd)} are NaN or infinite", "send null where there is no value"
            )


def _categorical_lines(layout: Layout, counts: Counts, extra: Sequence[str]) -> Iterator[Line]:
    for place, feature in enumerate(layout.baseline.categorical):
        names = CATEGORICAL_SPECIALS
        specials = dict(zip(names, counts.cells[layout.categorical_cells(place)][-len(names) :].tolist(), strict=True))
        reference = dict(zip(names, feature.counts[-len(names) :].tolist(), strict=True))
        yield from _absent(feature, specials, reference, (counts.rows, layout.baseline.n), extra)
        unseen = specials["unseen"] / counts.rows
        if unseen > _SOME + reference["unseen"] / layout.baseline.n:
            there = ", ".join(list(counts.names.get(place, {}))[:_NAMED])
            trained = ", ".join(feature.categories[:_NAMED])
            says = f"{percent(unseen)} have categories that training had not ({there}; training: {trained})"
            change = "mend the spelling, or fit the baseline to newer data"
            yield Line("problem" if unseen > _MOST else "warning", feature.name, says, change)
        if (wrong := specials["wrong_type"] / counts.rows) > _SOME:
            says = f"{percent(wrong)} of the events have an object or a list there"
            yield Line(
                "problem" if wrong > _MOST else "warning", feature.name, says, "send a text, or drop the feature"
            )


def _absent(
    feature: Reference,
    specials: dict[str, int],
    reference: dict[str, int],
    rows: tuple[int, int],
    extra: Sequence[str],
) -> Iterator[Line]:
    share, before = specials["missing"] / rows[0], reference["missing"] / rows[1]
    if share <= before + _MORE_MISSING and not (share == 1 and before < 1):
        return
    if share == 1:
        guess = nearest(feature.name, extra)
        hint = f'; "{guess}" is there, and not in the baseline' if guess else ""
        change = f"look at events.features, or fit the baseline without it (--drop {feature.name})"
        yield Line("problem", feature.name, f"is in none of {rows[0]:,} rows{hint}", change)
        return
    says = f"is missing in {percent(share)} of the rows; in training, in {percent(before)}"
    yield Line("warning", feature.name, says, "mend the sender, or fit the baseline to data that is like this")


def _size_lines(layout: Layout, counts: Counts, told: set[str]) -> Iterator[Line]:
    """Name units that were mixed up, and features that do not look like the training data at all."""
    window, training = CountedSample.of_counts(layout, counts), CountedSample.of_baseline(layout)
    apart = {
        feature.name: feature
        for place, feature in enumerate(layout.baseline.numeric)
        if feature.name not in told and _distance(training, window, place) >= 0.25
    }
    patterns = recognise(dict.fromkeys(apart, training), window, counts.names)
    for place, feature in enumerate(layout.baseline.numeric):
        if feature.name not in apart:
            continue
        if (pattern := patterns.get(feature.name)) is not None and pattern.kind in ("unit_change", "sign_flip"):
            yield Line("problem", feature.name, pattern.sentence, "send the unit of the training data, or fit anew")
        elif (line := _another_size(feature, float(window.means[place]))) is not None:
            yield line
        elif _distance(training, window, place) >= _APART:
            says = f"looks unlike training: mean {window.means[place]:.4g}, in training {feature.mean:.4g}"
            yield Line("warning", feature.name, says, "drift, a season, or a short sample; `driftline replay` shows it")


def _another_size(feature: NumericReference, mean: float) -> Line | None:
    if not feature.mean or not np.isfinite(mean) or not mean:
        return None
    ratio = mean / feature.mean
    if ratio > 0 and max(ratio, 1 / ratio) >= _TIMES_AS_LARGE and abs(feature.mean) > feature.std / 10:
        larger = f"{ratio:.3g} times as large" if ratio > 1 else f"1/{1 / ratio:.3g} as large"
        says = f"is {larger} as in training: mean {mean:.4g}, in training {feature.mean:.4g}"
        return Line("warning", feature.name, says, "is it in the unit of the training data?")
    return None


def _distance(training: CountedSample, window: CountedSample, place: int) -> float:
    one, other = Numbers.of(training, place), Numbers.of(window, place)
    return distance(one.shares, other.shares) if min(one.n, other.n) >= _LEAST_ROWS else 0.0
