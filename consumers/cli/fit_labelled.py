"""``driftline fit --labelled``: what the options say, and how wrong the model was, where, in a few sentences."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

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


def relation_of(baseline: "Baseline") -> dict[str, Any] | None:
    """Return the task, the question asked of each outcome, and each stratum with its rows and its share of yeses.

    The strata with the largest shares come first. None where the baseline knows no labels.
    """
    relation = baseline.relation
    if relation is None:
        return None
    table, question = relation.table(relation.counts), next(iter(relation.marks))
    rows, yes = table.sum(axis=1).tolist(), (table * relation.marks[question]).sum(axis=1).tolist()
    strata = [
        {"where": where, "n": n, "share": asked / n if n else 0.0}
        for where, n, asked in zip(relation.where, rows, yes, strict=True)
    ]
    return {
        "task": relation.task,
        "outcome": relation.outcome,
        "question": question,
        "strata": sorted(strata, key=lambda one: -one["share"]),
    }


def related(baseline: "Baseline") -> Iterator[str]:
    """Say the same in lines for people; nothing where the baseline knows no labels."""
    known = relation_of(baseline)
    if known is None:
        return
    yield f"{len(known['strata'])} strata of alike inputs, by {known['outcome']}; rows, {known['question']}:"
    for one in known["strata"]:
        yield f"  {one['n']:>9,}  {one['share']:6.1%}  {one['where']}"
