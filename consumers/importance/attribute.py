"""From a model and rows to the weights of the features."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from baselines import BaselineError
from baselines.cells import FloatArray
from baselines.importance import Importance, scaled
from consumers.importance.embeddings import Embeddings
from consumers.importance.gradients import Attributed, Progress, gradient_shap, integrated_gradients
from consumers.importance.model import Model
from consumers.importance.permutation import permutation_sizes
from consumers.importance.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

METHODS = ("integrated-gradients", "gradient-shap", "permutation")
# Rows that a model without gradients is asked about at once.
_ROWS = 4096
# More of the output's change than this unexplained, and people should know.
_GAP = 0.05


@dataclass(frozen=True, slots=True)
class Attributing:
    """How importance is found.

    ``output`` is the number of the model's output that is explained, by default the largest of each row. ``reference``
    (features,) is where gradients start from: by default the mean of each column, and of a looked-up one the most
    frequent code; gradient SHAP starts from the rows themselves. ``embeddings`` names the layer of each looked-up
    column.
    """

    method: str = "integrated-gradients"
    output: int | None = None
    seed: int = 0
    reference: FloatArray | None = None
    embeddings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what does not need the model."""
        if self.method not in METHODS:
            raise BaselineError(f"--method {self.method}: must be one of {', '.join(METHODS)}")
        if self.embeddings and self.method != METHODS[0]:
            raise BaselineError(f"--embedding: belongs to {METHODS[0]}; permutation shuffles codes as they are")


def attribute(
    model: Model,
    table: Table,
    options: Attributing | None = None,
    *,
    tell: Callable[[str], None] = lambda note: None,
    progress: Progress = lambda done, total: None,
) -> Importance:
    """Return the mean absolute attribution of each feature, the largest as 1, with the method and the date.

    Permutation measures the loss against the table's target, where it has one; the other methods do not look at it.
    What a person should know about the result is said through ``tell``. Raises ``BaselineError`` for a model that does
    not take the table, or whose output no feature moves.
    """
    options = options or Attributing()
    model.check_width(table.names)
    _check_output(model, table, options.output)
    found = _attributed(model, table, options, progress)
    if not found.sizes.any():
        raise BaselineError(f"{model.name}: {_nothing(options.method)}")
    for note in _notes(found, table.names, options):
        tell(note)
    weights = scaled(dict(zip(table.names, found.sizes.tolist(), strict=True)))
    return weighed(weights, options.method, model=model.name, rows=len(table.rows), seed=options.seed)


def weighed(weights: Mapping[str, float], method: str, **origin: Any) -> Importance:
    """Return weights as of now."""
    date = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Importance(weights, method, date, origin)


def _attributed(model: Model, table: Table, options: Attributing, progress: Progress) -> Attributed:
    if options.method == "permutation":
        predict = _predicting(model, options.output)
        sizes = permutation_sizes(predict, table.rows, table.target, seed=options.seed, progress=progress)
        return Attributed(sizes, ())
    if options.method == "gradient-shap":
        references = table.rows if options.reference is None else options.reference[None, :]
        return gradient_shap(model, table.rows, references, options.output, options.seed, progress)
    import torch

    embeddings = Embeddings.of(model, table.names, options.embeddings)
    embeddings.check(torch.tensor(table.rows[:_ROWS], dtype=model.dtype))
    reference = _middle(table, embeddings.columns) if options.reference is None else options.reference
    return integrated_gradients(model, table.rows, reference, options.output, embeddings, progress)


def _middle(table: Table, codes: "Sequence[int]") -> FloatArray:
    """Return the mean of each column, of codes the most frequent."""
    middle = np.asarray(table.rows.mean(axis=0))
    for column in codes:
        values, counts = np.unique(table.rows[:, column], return_counts=True)
        middle[column] = values[counts.argmax()]
    return middle


def _predicting(model: Model, output: int | None) -> Callable[[FloatArray], FloatArray]:
    import torch

    def predict(rows: FloatArray) -> FloatArray:
        with torch.no_grad():
            parts = torch.split(torch.tensor(rows, dtype=model.dtype), _ROWS)
            outputs = torch.cat([model.outputs(part) for part in parts]).double().numpy()
        return np.asarray(outputs if output is None else outputs[:, [output]])

    return predict


def _check_output(model: Model, table: Table, output: int | None) -> None:
    """Call the model once: whether it takes the rows, and has the output."""
    import torch

    with torch.no_grad():
        outputs = model.outputs(torch.tensor(table.rows[:2], dtype=model.dtype)).shape[1]
    if output is not None and not 0 <= output < outputs:
        raise BaselineError(f"--output {output}: the model has outputs 0 to {outputs - 1}")


def _nothing(method: str) -> str:
    if method == "permutation":
        return "no column moves the model's output: are these the columns that it was trained on?"
    return "no gradient reaches any column: use --method permutation"


def _notes(found: Attributed, names: tuple[str, ...], options: Attributing) -> list[str]:
    notes = []
    if found.blind:
        blind = ", ".join(names[column] for column in found.blind)
        notes.append(
            f"{blind}: no gradient, so no weight; if the model reads codes there: --embedding NAME=LAYER, or "
            "--method permutation"
        )
    if found.gap > _GAP:
        notes.append(
            f"{options.method} leaves {found.gap:.0%} of the output's change unexplained: the model is not smooth, or "
            "reads codes; compare with --method permutation"
        )
    return notes
