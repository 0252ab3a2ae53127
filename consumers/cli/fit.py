"""``driftline fit``: from training data to a baseline file."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from baselines import Baseline

EXAMPLE = "driftline fit train.parquet --out baseline.json --categorical store_id"
_SHOWN_FEATURES = 20


def fit(
    reference: Annotated[list[Path], typer.Argument(help="Training data: csv, jsonl (.gz, .zst), parquet or arrow.")],
    out: Annotated[Path, typer.Option(help="The baseline to write; an older one is replaced.")],
    *,
    numeric: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Columns to read as numbers whatever they look like.")
    ] = None,
    categorical: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Columns to read as categories, as digits that are codes.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(metavar="A,B", help="Columns to leave out.")] = None,
    importance: Annotated[
        Path | None, typer.Option(help="How much each feature matters: a JSON object, name to weight.")
    ] = None,
    features: Annotated[
        str, typer.Option(metavar="PATH", help="Where the features are in JSON lines, as in request.features.")
    ] = "",
    cells: Annotated[
        int, typer.Option(metavar="K", help="Values kept per numeric feature; KS is exact to 1/K.")
    ] = 1000,
    time: Annotated[
        str, typer.Option(metavar="COLUMN", help="The rows' times: also learn how features move between windows.")
    ] = "",
    every: Annotated[
        str, typer.Option(metavar="DURATION", help="With --time: the windows to learn from, the monitor's `window`.")
    ] = "",
    timezone: Annotated[str, typer.Option(help="With --time: where days begin.")] = "UTC",
    min_samples: Annotated[int, typer.Option(min=1, help="With --time: windows of fewer rows are left out.")] = 100,
    pairs: Annotated[
        int, typer.Option(metavar="N", help="Numeric features, the most important, whose correlations are learned.")
    ] = 32,
    labelled: Annotated[
        bool, typer.Option("--labelled", help="Rows hold predictions and labels: learn how wrong the model is, where.")
    ] = False,
    task: Annotated[
        str, typer.Option(metavar="TASK", help="With --labelled: classification, probability or regression.")
    ] = "",
    prediction: Annotated[
        str,
        typer.Option(metavar="PATH", help="With --labelled: the column, or path in JSON lines, of the predictions."),
    ] = "prediction",
    label: Annotated[
        str, typer.Option(metavar="PATH", help="With --labelled: the column, or path in JSON lines, of the labels.")
    ] = "label",
    classes: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="With --labelled: the order of lists of probabilities.")
    ] = None,
) -> None:
    """Fit a baseline to training data: what normal looks like, feature by feature."""
    from baselines import save
    from baselines.fitting import FitOptions
    from baselines.fitting import fit as fit_baseline
    from consumers.cli.baseline_tables import console_for
    from consumers.cli.fit_labelled import columns_of, related
    from consumers.cli.fit_time import learned, schedule_of
    from consumers.cli.progress import progress_bar
    from consumers.training import Learning, learn, with_labels

    _check_out(out, reference)
    schedule = schedule_of(time, every, timezone)
    options = FitOptions(names(numeric), names(categorical), names(drop), features, cells, time, importance, pairs)
    columns = columns_of(labelled, task, (prediction, label), split(classes))
    options = with_labels(options, columns) if columns else options
    console = console_for(stderr=True)
    with progress_bar(console, "reading", "rows") as progress:
        baseline = fit_baseline(reference, options, tell=console.print, progress=progress)
    if schedule is not None:
        with progress_bar(console, "learning", "steps") as progress:
            windows = Learning(reference, options, schedule, min_samples)
            baseline = learn(baseline, windows, tell=console.print, progress=progress)
    save(baseline, out)
    _show(console, baseline, out)
    for sentence in related(baseline):
        console.print(sentence, soft_wrap=True)
    console.print(learned(baseline), soft_wrap=True)


def _check_out(out: Path, reference: list[Path]) -> None:
    """Say what would go wrong at the end before hours are spent on the way there."""
    from baselines import BaselineError

    if out.is_dir() or not out.absolute().parent.is_dir():
        raise BaselineError(f"--out {out}: must be a file in a directory that exists")
    if out.exists() and any(path.exists() and out.samefile(path) for path in reference):
        raise BaselineError(f"--out {out}: is one of the training files: write the baseline to another")


def names(given: list[str] | None) -> frozenset[str]:
    """Split "a,b"; a name with a comma in it stands in double quotes, as in csv."""
    return frozenset(split(given))


def split(given: list[str] | None) -> tuple[str, ...]:
    """Split "a,b" as ``names`` does, in order."""
    rows = csv.reader(given or [], skipinitialspace=True)
    return tuple(name.strip() for row in rows for name in row if name.strip())


def _show(console: "Console", baseline: "Baseline", out: Path) -> None:
    from consumers.cli.baseline_tables import print_tables

    print_tables(console, baseline, _SHOWN_FEATURES)
    if (more := len(baseline.features) - _SHOWN_FEATURES) > 0:
        console.print(f"... and {more:,} more features: driftline describe {out}", soft_wrap=True)
    kinds = f"{len(baseline.numeric):,} numeric and {len(baseline.categorical):,} categorical features"
    console.print(f"{out}: {baseline.n:,} rows, {kinds}, {baseline.fingerprint[:19]}", soft_wrap=True)
