"""Baselines, and tables in general, as notebooks show them."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from baselines.baseline import Baseline, Reference

_MOST_FEATURES = 20
_MOST_CATEGORIES = 3


def html_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = "") -> str:
    """Return an HTML table; every cell is text, and escaped."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def baseline_text(baseline: "Baseline") -> str:
    """Return a heading and a line per feature."""
    shown = baseline.features[:_MOST_FEATURES]
    width = max((len(feature.name) for feature in shown), default=0)
    lines = [f"  {feature.name:<{width}}  {feature.kind:<11}  {feature_words(feature)}" for feature in shown]
    return "\n".join([_heading(baseline), *lines, *_more(baseline)])


def baseline_html(baseline: "Baseline") -> str:
    """Return a heading and a table of the features."""
    rows = [(feature.name, feature.kind, feature_words(feature)) for feature in baseline.features[:_MOST_FEATURES]]
    table = html_table(("feature", "kind", "training data"), rows, caption=_heading(baseline))
    return table + "".join(f"<p>{escape(line)}</p>" for line in _more(baseline))


def feature_words(feature: "Reference") -> str:
    """Return what training showed of a feature, in a few words."""
    if feature.kind == "numeric":
        return f"mean {feature.mean:.4g}, std {feature.std:.4g}, {feature.minimum:.4g} to {feature.maximum:.4g}"  # type: ignore[union-attr]
    counts = feature.counts[: len(feature.categories)]  # type: ignore[union-attr]
    first = sorted(zip(counts.tolist(), feature.categories, strict=True), key=lambda pair: (-pair[0], pair[1]))  # type: ignore[union-attr]
    told = ", ".join(f"{name} {count / max(feature.n, 1):.0%}" for count, name in first[:_MOST_CATEGORIES])
    more = len(first) - _MOST_CATEGORIES
    return told + (f", {more:,} more" if more > 0 else "")


def _heading(baseline: "Baseline") -> str:
    kinds = f"{len(baseline.numeric):,} numeric and {len(baseline.categorical):,} categorical features"
    return f"Baseline of {baseline.n:,} rows: {kinds}, {baseline.fingerprint[:19]}"


def _more(baseline: "Baseline") -> list[str]:
    more = len(baseline.features) - _MOST_FEATURES
    return [f"... and {more:,} more features"] if more > 0 else []
