"""Fitting: pass after pass over the files, until every column has become a reference or is left out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import numpy as np

from baselines.baseline import Baseline, NumericReference, Reference
from baselines.cells import FloatArray
from baselines.dependence import Dependence
from baselines.errors import BaselineError
from baselines.fingerprint import fingerprint
from baselines.fitting.cells import Chunk
from baselines.fitting.columns import Counting, Fitted, LeftOut, Look, NameCount
from baselines.fitting.dependence import DependencePass, choose
from baselines.fitting.files import Training, check_source
from baselines.fitting.options import FitOptions, chunks_of
from baselines.fitting.relation import RelationPasses
from baselines.importance import Importance, read_importance
from baselines.relation import Relation

Tell: TypeAlias = Callable[[str], None]
# Called with the rows of this pass so far, and with the rows in all once a pass is through.
Progress: TypeAlias = Callable[[int, int | None], None]

# Whole numbers with no more different values than this may be codes of categories.
_FEW_VALUES = 32


def fit(
    paths: Sequence[Training],
    options: FitOptions | None = None,
    *,
    tell: Tell = lambda note: None,
    progress: Progress = lambda rows, total: None,
) -> Baseline:
    """Fit a baseline to training rows in csv, JSON lines, parquet or arrow files, or in memory, together as one table.

    Every column becomes a feature of the kind that its values have, or that ``options`` says; what was decided that a
    person may want otherwise is said through ``tell``, a sentence each. The same rows in the same order give the same
    fingerprint. The files are read once, or again (three times at most) where a column has too many values to keep, and
    once more for the correlations of the most important numeric features.

    Raises ``BaselineError`` with the file and line for data that cannot be read, and for options that do not fit it.
    """
    fitting = _Fitting(paths, options or FitOptions(), progress)
    outcomes = fitting.run()
    found = tuple(outcome.reference for outcome in outcomes.values() if isinstance(outcome, Fitted))
    if not found:
        raise BaselineError(f"{paths[0]}: no column makes a feature: " + "; ".join(_remarks(outcomes)))
    importance = _importance(found, fitting.options.importance)
    features = tuple(replace(feature, importance=importance.weights.get(feature.name)) for feature in found)
    for remark in chain(_remarks(outcomes), _codes(features, fitting.options.numeric)):
        tell(remark)
    dependence, relation = fitting.dependence(features), fitting.relation(features)
    return Baseline(
        n=fitting.rows,
        features=features,
        fingerprint=fingerprint(fitting.rows, features, dependence, relation),
        source=tuple(path.name for path in paths),
        created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        dependence=dependence,
        relation=relation,
        importance_method=importance.method,
        importance_date=importance.date,
    )


def _importance(features: tuple[Reference, ...], path: Path | None) -> Importance:
    """Read the features' weights from the file, where there is one."""
    return Importance({}) if path is None else read_importance(path, [feature.name for feature in features])


class _Fitting:
    """The columns and where each of them stands."""

    def __init__(self, paths: Sequence[Training], options: FitOptions, progress: Progress) -> None:
        self._paths, self.options, self._progress = paths, options, progress
        self._columns: dict[str, Counting] = {}
        self.rows = 0

    def run(self) -> dict[str, Fitted | LeftOut]:
        """Pass over the files until no column asks for another pass; return what became of each, in their order."""
        for path in self._paths:
            check_source(path)
        self._first_pass()
        order = list(self._columns)
        outcomes: dict[str, Fitted | LeftOut] = {}
        while self._columns:
            for name, counting in list(self._columns.items()):
                outcome = counting.finish(self.rows)
                if isinstance(outcome, Fitted | LeftOut):
                    outcomes[name] = outcome
                    del self._columns[name]
                else:
                    self._columns[name] = outcome
            if self._columns:
                self._pass(self._count)
        return {name: outcomes[name] for name in order}

    def dependence(self, features: tuple[Reference, ...]) -> Dependence | None:
        """Pass over the files once more for how the numeric features move together; None where fewer than two vary."""
        # What a label says of a prediction is the relation's: with any input it moves as the mix of inputs does.
        left_out = self.options.relation.with_label if self.options.relation else frozenset[str]()
        numeric = [one for one in features if isinstance(one, NumericReference) and one.name not in left_out]
        chosen = choose(numeric, self.options.pairs)
        if not chosen:
            return None
        counting = DependencePass(chosen)
        self._pass(counting.add)
        return counting.finish()

    def relation(self, features: tuple[Reference, ...]) -> Relation | None:
        """Pass over labelled files twice more for how the outcome depends on the inputs; None without labels."""
        if self.options.relation is None:
            return None
        passes = RelationPasses(features, self.options.relation)
        self._pass(passes.sample)
        passes.grow()
        self._pass(passes.count)
        return passes.finish()

    def _first_pass(self) -> None:
        seen: dict[str, None] = {}
        for chunk in self._chunks():
            seen.update(dict.fromkeys(chunk.columns))
            self.rows += chunk.rows
            for name in chunk.columns.keys() - self._columns.keys() - self.options.no_features:
                self._columns[name] = self._start(name)
            self._count(chunk)
            self._progress(self.rows, None)
        if not self.rows:
            raise BaselineError(f"{self._paths[0]}: no rows: a baseline needs training data")
        self.options.check_names(seen)
        self._columns = {name: self._columns[name] for name in seen if name in self._columns}

    def _pass(self, count: Callable[[Chunk], None]) -> None:
        """Pass over the files again."""
        rows = 0
        for chunk in self._chunks():
            count(chunk)
            rows += chunk.rows
            self._progress(rows, self.rows)
        if rows != self.rows:
            raise BaselineError(f"{self._paths[0]}: changed while it was read: fit files that nobody writes to")

    def _chunks(self) -> Iterator[Chunk]:
        for path in self._paths:
            yield from chunks_of(path, self.options)

    def _count(self, chunk: Chunk) -> None:
        for name, cells in chunk.columns.items():
            if name in self._columns:
                self._columns[name].add(cells)

    def _start(self, name: str) -> Counting:
        if name in self.options.categorical:
            return NameCount(name, forced=True)
        return Look(name, self.options.cells, name in self.options.numeric)


def _remarks(outcomes: dict[str, Fitted | LeftOut]) -> Iterator[str]:
    for name, outcome in outcomes.items():
        if isinstance(outcome, LeftOut):
            yield f"{name}: left out: {outcome.why}"
        elif outcome.remark:
            yield f"{name}: {outcome.remark}"


def _codes(features: Iterable[Reference], forced: frozenset[str]) -> Iterator[str]:
    """Point out numeric features that may be categories written as digits."""
    names = [
        feature.name
        for feature in features
        if isinstance(feature, NumericReference) and feature.name not in forced and _few_whole(feature.values)
    ]
    if names:
        yield (
            f"{', '.join(names)}: whole numbers of at most {_FEW_VALUES} values, read as numeric; "
            f"if they are codes: --categorical {','.join(names)}"
        )


def _few_whole(values: FloatArray) -> bool:
    return len(values) <= _FEW_VALUES and bool((values == np.floor(values)).all())
