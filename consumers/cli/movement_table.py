"""A calibration as a table for people: how much each feature moves between windows of the training data."""

from rich import box
from rich.table import Table

from baselines import Calibration, Movement
from consumers.cli.baseline_tables import short


def movement_table(calibration: Calibration) -> Table:
    """Return a row per feature and check, and per comparator the design effect and the floor learned."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("design effect, floor", no_wrap=True)
    table.add_column("check", no_wrap=True)
    for comparator in calibration.movements:
        table.add_column(comparator, justify="right", no_wrap=True)
    for feature, check in _rows(calibration):
        found = [calibration.movement(comparator, feature, check) for comparator in calibration.movements]
        table.add_row(short(feature), check, *map(_cell, found))
    return table


def _rows(calibration: Calibration) -> list[tuple[str, str]]:
    """Return features and checks in the order in which they were learned, each once."""
    rows = {
        (feature, check): None
        for features in calibration.movements.values()
        for feature, checks in features.items()
        for check in checks
    }
    return list(rows)


def _cell(movement: Movement | None) -> str:
    """Return what is learned at the windows' usual size."""
    if movement is None:
        return "-"
    return f"{1.0 + movement.excess * movement.rows:.3g}, {movement.floor:.3g}"
