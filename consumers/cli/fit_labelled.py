"""``driftline fit --labelled``: what the options say, and how wrong the model was, where, in a few sentences."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from baselines import Baseline
    from consumers.training import LabelColumns


def columns_of(labelled: bool, task: str, columns: tuple[str, str], classes: tuple[str, ...]) -> "LabelColumns | None":
    """Return where predictions and labels are, ``columns`` in this order; None without ``labelled``.

    Raises ``BaselineError`` naming the option that is wrong.
    """
    from baselines import BaselineError
    from consumers.training import LabelColumns
    from stream.labelled import TASKS

    if not labelled:
        if task or classes:
            raise BaselineError(f"--{'task' if task else 'classes'}: needs --labelled, too")
        return None
    known = next((one for one in TASKS if one == task), None)
    if known is None:
        raise BaselineError(f"--task {task}: must be one of {', '.join(TASKS)}")
    if columns[0] == columns[1]:
        raise BaselineError(f"--label {columns[1]}: is the column of the predictions, too")
    if classes and known != "classification":
        raise BaselineError("--classes: only with --task classification")
    return LabelColumns(known, *columns, classes or None)


def related(baseline: "Baseline") -> Iterator[str]:
    """Say of each stratum how many rows it has, and how often the outcome was the one that is looked at."""
    relation = baseline.relation
    if relation is None:
        return
    table, question = relation.table(relation.counts), next(iter(relation.marks))
    rows = table.sum(axis=1)
    asked = (table * relation.marks[question]).sum(axis=1)
    yield f"{relation.strata} strata of alike inputs, by {relation.outcome}; rows, {question}:"
    for stratum in sorted(range(relation.strata), key=lambda one: -asked[one] / max(int(rows[one]), 1)):
        rate = int(asked[stratum]) / max(int(rows[stratum]), 1)
        yield f"  {int(rows[stratum]):>9,}  {rate:6.1%}  {relation.where[stratum]}"
