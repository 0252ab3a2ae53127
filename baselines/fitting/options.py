"""What a person may say about the training data before it is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from baselines.dependence import MOST_FEATURES
from baselines.errors import BaselineError
from baselines.nearest import or_nearest

# More kept values than this, and the sample they are chosen from would be too coarse to keep the promise of 1/cells.
MOST_CELLS = 5_000


@dataclass(frozen=True, slots=True)
class FitOptions:
    """Kinds by name, columns to leave out, the path to the features, and how many values to keep.

    ``features`` is a dotted path to the object that holds the features in JSON lines, "" for the line itself.
    ``time`` names the column with the rows' times, which is no feature; "" where there is none.
    ``cells`` is K: numeric features keep about K values, so that the bound on D is at most 1/K. ``importance``
    is a file for ``baselines.importance``; ``pairs`` says of how many numeric features, the most important ones, the
    correlations are learned, 0 for none.
    Raises ``BaselineError`` when a column is named twice, or ``cells`` or ``pairs`` is out of range.
    """

    numeric: frozenset[str] = frozenset()
    categorical: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()
    features: str = ""
    cells: int = 1_000
    time: str = ""
    importance: Path | None = None
    pairs: int = MOST_FEATURES

    def __post_init__(self) -> None:
        both = sorted((self.numeric & self.categorical) | (self.numeric & self.drop) | (self.categorical & self.drop))
        if both:
            raise BaselineError(f"column {both[0]!r} is named in two of numeric, categorical and drop: name it in one")
        if self.time and self.time in self.numeric | self.categorical | self.drop:
            raise BaselineError(
                f"--time {self.time}: is named in numeric, categorical or drop, too: a time is no feature"
            )
        if not 2 <= self.cells <= MOST_CELLS:
            raise BaselineError(f"cells is {self.cells}: must be 2 to {MOST_CELLS:,}")
        if not 0 <= self.pairs <= MOST_FEATURES:
            raise BaselineError(f"pairs is {self.pairs}: must be 0 to {MOST_FEATURES}")

    @property
    def no_features(self) -> frozenset[str]:
        """The columns that are left out without a remark."""
        return self.drop | {self.time} if self.time else self.drop

    def check_names(self, columns: Iterable[str]) -> None:
        """Raise ``BaselineError`` where a named column is not in the data, with the nearest one that is."""
        known = list(columns)
        time = frozenset({self.time} if self.time else ())
        options = {"numeric": self.numeric, "categorical": self.categorical, "drop": self.drop, "time": time}
        for option, names in options.items():
            for name in sorted(names - set(known)):
                raise BaselineError(f"--{option}: no column {name!r} in the training data{or_nearest(name, known)}")
