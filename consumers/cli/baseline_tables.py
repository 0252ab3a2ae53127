"""A baseline as tables for people, for ``fit`` and ``describe``."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from baselines import Baseline, CategoricalReference, NumericReference
from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS, Reference

# The quantiles shown, as many as fit.
_SHOWN_QUANTILES = (("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"), ("0.05", "0.5", "0.95"), ("0.5",))
_LONGEST_NAME = 40
_SHOWN_CATEGORIES = 6
# A pipe has no width of its own.
_PIPE_COLUMNS = 160


def console_for(stderr: bool) -> Console:
    """Return a console that prints names as they are, as wide as the terminal."""
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = _PIPE_COLUMNS
    return console


def print_tables(console: Console, baseline: Baseline, most: int | None = None) -> None:
    """Print the numeric and the categorical features, the first ``most`` of them."""
    features = baseline.features[:most]
    numeric = [feature for feature in features if isinstance(feature, NumericReference)]
    categorical = [feature for feature in features if isinstance(feature, CategoricalReference)]
    if numeric:
        tables = [_numeric_table(baseline, numeric, probabilities) for probabilities in _SHOWN_QUANTILES]
        roomy = console.options.update(max_width=10_000)
        fitting = [table for table in tables if console.measure(table, options=roomy).maximum <= console.width]
        console.print(fitting[0] if fitting else tables[-1])
    if categorical:
        console.print(_categorical_table(baseline, categorical))
    for remark in _remarks(features):
        console.print(remark)


def specials_of(feature: Reference) -> dict[str, int]:
    """Return the training rows that were no value of the feature's kind, by the name of what they were."""
    names = NUMERIC_SPECIALS if isinstance(feature, NumericReference) else CATEGORICAL_SPECIALS
    return dict(zip(names, feature.counts[-len(names) :].tolist(), strict=True))


def printable(name: str) -> str:
    """Return a name that a terminal can be trusted with."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in name)


def _numeric_table(baseline: Baseline, features: Sequence[NumericReference], probabilities: Sequence[str]) -> Table:
    quantiles = [f"{float(p):.0%}" for p in probabilities]
    table = _table("numeric", ["mean", "std", "min", *quantiles, "max", "missing", *_importance_heading(baseline)])
    for feature in features:
        spread = [feature.quantiles.get(p) for p in probabilities]
        numbers = [feature.mean, feature.std, feature.minimum, *spread, feature.maximum]
        cells = ["" if number is None else f"{number:.4g}" for number in numbers]
        table.add_row(short(feature.name), *cells, *_last_cells(baseline, feature))
    return table


def _categorical_table(baseline: Baseline, features: Sequence[CategoricalReference]) -> Table:
    table = _table("categorical", ["categories", "most frequent", "missing", *_importance_heading(baseline)])
    table.columns[2].justify = "left"
    table.columns[2].no_wrap = False
    for feature in features:
        size = f"{len(feature.categories):,}"
        table.add_row(short(feature.name), size, _frequent(feature), *_last_cells(baseline, feature))
    return table


def _table(kind: str, headings: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(kind, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _importance_heading(baseline: Baseline) -> list[str]:
    return ["weight"] if _has_importance(baseline) else []


def _has_importance(baseline: Baseline) -> bool:
    return any(feature.importance is not None for feature in baseline.features)


def _last_cells(baseline: Baseline, feature: Reference) -> list[str]:
    missing = _share(specials_of(feature)["missing"], baseline.n)
    return [missing, f"{baseline.importance[feature.name]:.2f}"] if _has_importance(baseline) else [missing]


def _frequent(feature: CategoricalReference) -> str:
    counts = dict(zip(feature.categories, feature.counts.tolist(), strict=False))
    order = sorted(counts, key=lambda name: (-counts[name], name))[:_SHOWN_CATEGORIES]
    return ", ".join(f"{short(name)} {_share(counts[name], feature.n)}" for name in order)


def short(name: str) -> str:
    """Return a name that fits into a table."""
    return printable(name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…")


def _share(count: int, n: int) -> str:
    if not count or not n:
        return "-"
    return f"{count / n:.1%}" if count / n >= 0.001 else "<0.1%"


def _remarks(features: Sequence[Reference]) -> Iterator[str]:
    for feature in features:
        if feature.note:
            yield f"{printable(feature.name)}: {feature.note}"
        others = [f"{count:,} {name}" for name, count in specials_of(feature).items() if count and name != "missing"]
        if others:
            yield f"{printable(feature.name)}: {', '.join(others)}"
