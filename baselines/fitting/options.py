"""What a person may say about the training data before it is read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from baselines.dependence import MOST_FEATURES
from baselines.errors import BaselineError
from baselines.fitting.cells import Chunk
from baselines.fitting.files import Training, read_chunks
from baselines.fitting.relation import RelationOptions
from baselines.nearest import or_nearest

# More kept values than this, and the sample they are chosen from would be too coarse to keep the promise of 1/cells.
MOST_CELLS = 5_000


@dataclass(frozen=True, slots=True)
class Labelling:
    """How rows with predictions and labels become rows of features.

    ``derive`` puts the features of labelled predictions into a chunk of a file, whose rows are counted behind those
    before it; it raises ``BaselineError`` with the row. ``beside`` are paths that JSON lines may have outside the
    object with the features. ``relation`` says what is learned of inputs and outcome.
    """

    derive: Callable[[Chunk, Training, int], Chunk]
    beside: tuple[str, ...]
    relation: RelationOptions


@dataclass(frozen=True, slots=True)
class FitOptions:
    """Kinds by name, columns to leave out, the path to the features, and how many values to keep.

    ``features`` is a dotted path to the object that holds the features in JSON lines, "" for the line itself.
    ``time`` names the column with the rows' times, which is no feature; "" where there is none.
    ``cells`` is K: numeric features keep about K values, so that the bound on D is at most 1/K. ``importance``
    is a file for ``baselines.importance``; ``pairs`` says of how many numeric features, the most important ones, the
    correlations are learned, 0 for none. ``labelling`` says that rows have predictions and labels, and where.
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
    labelling: Labelling | None = None

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

    @property
    def relation(self) -> RelationOptions | None:
        """What is learned of inputs and outcome; nothing of rows without labels."""
        return None if self.labelling is None else self.labelling.relation

    def check_names(self, columns: Iterable[str]) -> None:
        """Raise ``BaselineError`` where a named column is not in the data, with the nearest one that is."""
        known = list(columns)
        time = frozenset({self.time} if self.time else ())
        options = {"numeric": self.numeric, "categorical": self.categorical, "drop": self.drop, "time": time}
        for option, names in options.items():
            for name in sorted(names - set(known)):
                raise BaselineError(f"--{option}: no column {name!r} in the training data{or_nearest(name, known)}")


def chunks_of(source: Training, options: FitOptions) -> Iterator[Chunk]:
    """Yield training rows as the fit takes them: with the features of their labels, where they have any.

    Raises ``BaselineError`` as ``read_chunks`` does, and for rows whose prediction or label is none.
    """
    labelling, before = options.labelling, 0
    beside = [options.time] if options.time else []
    for chunk in read_chunks(source, options.features, [*beside, *(labelling.beside if labelling else ())]):
        yield chunk if labelling is None else labelling.derive(chunk, source, before)
        before += chunk.rows
