"""``driftline importance``: from a model, or SHAP values, to the weights that ``driftline fit --importance`` reads."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from baselines.importance import Importance
    from consumers.importance import Attributing, Table

EXAMPLE = "driftline importance --model model.pt --data train.csv --target price --out importance.json"
_SHOWN = 20


def importance(
    out: Annotated[Path, typer.Option(help="The weights to write; older ones are replaced.")],
    *,
    model: Annotated[
        Path | None, typer.Option(help="A TorchScript file or an exported program; never a pickle.")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="Rows as the model takes them: what fit reads; may be given again.")
    ] = None,
    shap: Annotated[
        Path | None, typer.Option(help="Instead of a model: SHAP values that you have, npz, JSON or parquet.")
    ] = None,
    method: Annotated[
        str, typer.Option(metavar="NAME", help="integrated-gradients, gradient-shap or permutation.")
    ] = "integrated-gradients",
    features: Annotated[
        str, typer.Option(metavar="A,B", help="The model's columns in its order; else all but the target.")
    ] = "",
    target: Annotated[
        str, typer.Option(metavar="COLUMN", help="What the model predicts: no feature; permutation measures its loss.")
    ] = "",
    output: Annotated[
        int | None, typer.Option(min=0, help="The number of the model's output to explain; else each row's largest.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="A baseline whose means gradients start from; else those of the data.")
    ] = None,
    embedding: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=LAYER", help="A column of codes, and the embedding layer that looks them up."),
    ] = None,
    samples: Annotated[int, typer.Option(min=2, help="Rows to try the model on, drawn from the data.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="For the draw, and for methods that use chance.")] = 0,
    path: Annotated[
        str, typer.Option(metavar="PATH", help="Where the columns are in JSON lines, as in request.features.")
    ] = "",
) -> None:
    """Find out how much each feature moves the model's output."""
    from baselines import BaselineError
    from baselines.importance import save_importance
    from consumers.cli.baseline_tables import console_for
    from consumers.importance import Attributing, Columns, read_shap, read_table

    console = console_for(stderr=True)
    _check_out(out, [given for given in (model, shap, baseline, *(data or [])) if given])
    if (shap is None) == (model is None and not data):
        raise BaselineError("give either --model and --data, or --shap: what the weights are found from")
    if shap is not None:
        found = read_shap(shap, _names(features))
    elif model is None or not data:
        raise BaselineError("--model and --data belong together: a model, and rows to try it on")
    else:
        options = Attributing(method, output, seed, embeddings=_layers(embedding or []))
        table = read_table(data, Columns(_names(features), target, path), samples, seed)
        found = _of_model(model, table, options, baseline, console)
    save_importance(found, out)
    _show(console, found, out)


def _of_model(
    model: Path, table: "Table", options: "Attributing", baseline: Path | None, console: "Console"
) -> "Importance":
    from dataclasses import replace

    from baselines import load
    from consumers.cli.progress import progress_bar
    from consumers.importance import attribute, load_model, reference_row

    if baseline is not None:
        options = replace(options, reference=reference_row(load(baseline), table.names))
    loaded = load_model(model)

    def tell(note: str) -> None:
        console.print(note, soft_wrap=True)

    with progress_bar(console, "attributing", "done") as progress:
        return attribute(loaded, table, options, tell=tell, progress=progress)


def _check_out(out: Path, read: list[Path]) -> None:
    """Say before the work what would go wrong behind it, and never overwrite what is read."""
    from baselines import BaselineError

    if out.is_dir() or not out.absolute().parent.is_dir():
        raise BaselineError(f"--out {out}: must be a file in a directory that exists")
    if out.exists() and any(path.exists() and out.samefile(path) for path in read):
        raise BaselineError(f"--out {out}: is one of the files to read: write the weights to another")


def _names(given: str) -> tuple[str, ...]:
    """Split "a,b" in order; a name with a comma in it stands in double quotes, as in csv."""
    rows = csv.reader([given] if given else [], skipinitialspace=True)
    return tuple(name.strip() for row in rows for name in row if name.strip())


def _layers(given: list[str]) -> Mapping[str, str]:
    from baselines import BaselineError

    layers = {}
    for pair in given:
        name, sign, layer = pair.rpartition("=")
        if not (sign and name and layer):
            raise BaselineError(f"--embedding {pair}: write NAME=LAYER, as in season=season_embedding")
        layers[name] = layer
    return layers


def _show(console: "Console", found: "Importance", out: Path) -> None:
    from consumers.cli.baseline_tables import short

    order = sorted(found.weights.items(), key=lambda pair: (-pair[1], pair[0]))
    for name, weight in order[:_SHOWN]:
        console.print(f"{weight:8.4f}  {short(name)}")
    if (more := len(order) - _SHOWN) > 0:
        console.print(f"... and {more:,} more features")
    console.print(f"{out}: {len(order):,} weights by {found.method}, {found.date}", soft_wrap=True)
