"""``driftline describe``: what a baseline file holds."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from baselines import Baseline, CategoricalReference, NumericReference
    from baselines.baseline import Reference

EXAMPLE = "driftline describe baseline.json --json | jq '.features[0].mean'"


def describe(
    baseline: Annotated[Path, typer.Argument(help="A file written by driftline fit.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """Show what a baseline holds: ranges, quantiles, frequencies, what was missing."""
    from baselines import load

    loaded = load(baseline)
    size_bytes = baseline.stat().st_size
    if as_json:
        import orjson

        typer.echo(orjson.dumps(description(loaded, size_bytes), option=orjson.OPT_INDENT_2))
        return
    _print(loaded, baseline, size_bytes)


def description(baseline: "Baseline", size_bytes: int) -> dict[str, Any]:
    """Return everything that the tables show, and the rest of the quantiles and categories, as plain values."""
    from consumers.cli.fit_labelled import relation_of

    return {
        "fingerprint": baseline.fingerprint,
        "created": baseline.created,
        "source": list(baseline.source),
        "size_bytes": size_bytes,
        "n": baseline.n,
        "importance_method": baseline.importance_method or None,
        "importance_date": baseline.importance_date or None,
        "features": [_feature(feature) for feature in baseline.features],
        "relation": relation_of(baseline),
        "calibration": None if baseline.calibration is None else asdict(baseline.calibration),
    }


def _feature(feature: "Reference") -> dict[str, Any]:
    from baselines import NumericReference
    from consumers.cli.baseline_tables import specials_of

    return {
        "name": feature.name,
        "kind": feature.kind,
        "n": feature.n,
        **(_numeric(feature) if isinstance(feature, NumericReference) else _categorical(feature)),
        **specials_of(feature),
        "importance": feature.importance,
        "note": feature.note,
    }


def _numeric(feature: "NumericReference") -> dict[str, Any]:
    return {
        "mean": feature.mean,
        "std": feature.std,
        "min": feature.minimum,
        "max": feature.maximum,
        "quantiles": dict(feature.quantiles),
        "kept_values": len(feature.values),
        "bound": feature.bound,
    }


def _categorical(feature: "CategoricalReference") -> dict[str, Any]:
    counts = zip(feature.categories, feature.counts.tolist(), strict=False)
    return {
        "boolean": feature.boolean,
        "categories": dict(sorted(counts, key=lambda pair: (-pair[1], pair[0]))),
        "singletons": feature.singletons,
    }


def _print(baseline: "Baseline", path: Path, size_bytes: int) -> None:
    from consumers.cli.baseline_tables import console_for, print_tables, printable
    from consumers.cli.fit_labelled import related
    from consumers.cli.fit_time import span
    from consumers.cli.movement_table import movement_table

    console = console_for(stderr=False)
    print_tables(console, baseline)
    for sentence in related(baseline):
        console.print(printable(sentence), soft_wrap=True)
    if baseline.calibration is not None:
        console.print(movement_table(baseline.calibration))
        console.print(f"moves between windows as above, learned from {span(baseline.calibration)}", soft_wrap=True)
    if baseline.importance_method or baseline.importance_date:
        origin = " of ".join(filter(None, (baseline.importance_method, baseline.importance_date)))
        console.print(f"weights: {printable(origin)}", soft_wrap=True)
    sources = printable(", ".join(baseline.source))
    console.print(f"{path}: {size_bytes:,} bytes, {baseline.n:,} rows from {sources}", soft_wrap=True)
    console.print(f"fitted {baseline.created}, {baseline.fingerprint}", soft_wrap=True)
