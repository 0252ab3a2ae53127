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
    """Return the task, the outcome, and each stratum with its rows, the worst first; None without labels.

    A stratum has the ``share`` of its rows that answer yes to "error", or, of residuals, where 80 % of them lie.
    """
    relation = baseline.relation
    if relation is None:
        return None
    table = relation.table(relation.counts)
    rows, yes = table.sum(axis=1).tolist(), (table * relation.marks["error"]).sum(axis=1).tolist()
    strata: list[dict[str, Any]] = [
        {"where": where, "n": n, "low": edges[0], "high": edges[-1]}
        if edges
        else {"where": where, "n": n, "share": asked / n if n else 0.0}
        for where, n, asked, edges in zip(relation.where, rows, yes, relation.edges.tolist(), strict=True)
    ]
    strata.sort(key=lambda one: -one["share"] if "share" in one else one["low"] - one["high"])
    return {"task": relation.task, "outcome": relation.outcome, "strata": strata}


def related(baseline: "Baseline") -> Iterator[str]:
    """Say the same in lines for people; nothing where the baseline knows no labels."""
    known = relation_of(baseline)
    if known is None:
        return
    number = known["task"] == "regression"
    said = "where 80 % of residuals lie" if number else "error"
    yield f"{len(known['strata'])} strata of alike inputs, by {known['outcome']}; rows, {said}:"
    for one in known["strata"]:
        told = f"{one['low']:>9.4g} to {one['high']:<9.4g}" if number else f"{one['share']:6.1%}"
        yield f"  {one['n']:>9,}  {told}  {one['where']}"
