"""A feature's two sides as events show them: the reference, the window, and what moved between them."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from baselines import CategoricalReference, Layout, NumericReference
from baselines.baseline import NUMERIC_SPECIALS
from stream.counts import Counts
from stream.moved import moved_categories, moved_ranges, quantiles
from stream.sample import Sample

_MOST_CATEGORIES = 10
_MOST_NEW_CATEGORIES = 5


def numeric_as_counted(feature: NumericReference, sample: Sample, place: int) -> NumericReference:
    """Return the feature as if this sample were its training data; minimum and maximum stay those of training."""
    cells, specials = sample.numeric(place), sample.cells[sample.layout.numeric_specials(place)]
    return replace(
        feature,
        counts=np.concatenate([cells, specials]),
        mean=float(sample.means[place]),
        std=float(sample.stds[place]),
        quantiles=quantiles(feature.values, cells),
    )


def categorical_as_counted(feature: CategoricalReference, sample: Sample, place: int) -> CategoricalReference:
    """Return the feature as if this sample were its training data."""
    return replace(feature, counts=sample.categorical(place))


def numeric_sides(reference: NumericReference, layout: Layout, place: int, counts: Counts) -> dict[str, Any]:
    """Return what an event shows of a numeric feature; ``place`` is its number in ``Baseline.numeric``."""
    cells, specials = counts.cells[layout.numeric_cells(place)], counts.cells[layout.numeric_specials(place)]
    n, (first, second) = int(cells.sum()), counts.moments[place]
    # Sums are in the steps of the baseline, whatever the reference is here.
    quantiser = layout.baseline.numeric[place].quantiser
    production: dict[str, Any] = {"n": n, "missing": _share(int(specials.sum()), n)}
    unusable = zip(NUMERIC_SPECIALS, specials.tolist(), strict=True)
    production |= {name: count for name, count in unusable if count and name != "missing"}
    if n:
        production["mean"] = quantiser.mean(n, first)
    if n > 1:
        production["std"] = quantiser.std(n, first, second)
    production["quantiles"] = quantiles(reference.values, cells)
    # An earlier window may have too few values for them.
    moments = {"mean": reference.mean, "std": reference.std}
    known = {
        "n": reference.n,
        "missing": _share(int(reference.counts[len(reference.cells) :].sum()), reference.n),
        **{name: moment for name, moment in moments.items() if math.isfinite(moment)},
        "min": reference.minimum,
        "max": reference.maximum,
        "quantiles": {q: reference.quantiles[q] for q in production["quantiles"] if q in reference.quantiles},
    }
    return {"reference": known, "production": production, "moved": moved_ranges(reference, cells)}


def categorical_sides(
    reference: CategoricalReference, layout: Layout, place: int, counts: Counts, new_names: Mapping[str, int]
) -> dict[str, Any]:
    """Return what an event shows of a categorical feature; ``place`` is its number in ``Baseline.categorical``."""
    cells = counts.cells[layout.categorical_cells(place)]
    valid, missing, wrong_type = cells[: len(reference.categories) + 1], int(cells[-2]), int(cells[-1])
    n = int(valid.sum())
    production: dict[str, Any] = {
        "n": n,
        "missing": _share(missing + wrong_type, n),
        "unseen": int(valid[-1]) / n if n else 0.0,
        "shares": _top_shares(reference.categories, valid[:-1].tolist(), n),
    }
    if new_names:
        most = sorted(new_names.items(), key=lambda item: (-item[1], item[0]))[:_MOST_NEW_CATEGORIES]
        production["new_categories"] = dict(most)
    known = {
        "n": reference.n,
        "missing": _share(int(reference.counts[-2:].sum()), reference.n),
        "shares": _top_shares(
            reference.categories, reference.counts[: len(reference.categories)].tolist(), reference.n
        ),
    }
    return {"reference": known, "production": production, "moved": moved_categories(reference, valid)}


def _share(unusable: int, usable: int) -> float:
    return unusable / (unusable + usable) if unusable + usable else 0.0


def _top_shares(categories: tuple[str, ...], counts: list[int], n: int) -> dict[str, float]:
    most = sorted(zip(categories, counts, strict=True), key=lambda item: (-item[1], item[0]))[:_MOST_CATEGORIES]
    return {name: count / n if n else 0.0 for name, count in most}
