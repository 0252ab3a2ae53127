"""Who detects what, how soon, at which false-alarm rate, and whom each blames: driftline and its peers on one table.

    python benchmarks/detection.py [--quick] [--peers FOLDER] [--without METHODS] [--keep FOLDER] [--markdown FILE]

The streams are made in ``benchmarks/scenarios.py``: eight features, a reference of 3,000 rows, 22 windows of 300, and a
change that is known; the real stream of insects whose columns were permuted; and null streams, simulated and reshuffled
from the real pools. All methods see the same windows. The first table has everybody at its defaults; in the second each
peer has the most sensitive setting of its knob that gave no alarm in any null window of the same pool, which is what
driftline shows there at its default settings. What it promises there is far less than one in so many windows, so it
has a line at a budget of about that, too. "always" and "never" stand for detectors that do not look.

frouros and evidently run in an environment of their own (``--peers``), which is made from ``benchmarks/peers.txt``.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.detectors import (
    TEXTBOOK,
    above,
    bare_scores,
    batch_scores,
    bonferroni,
    constant,
    ours,
    peers_python,
    river_alarms,
)
from benchmarks.scenarios import CHANGES, WINDOW, Stream, changing, quiet
from benchmarks.scoring import Score, Verdict, scored
from benchmarks.scoring_table import Line, leads, markdown
from stream.policy import Policy
from stream.schedule import DAY_MS

# Least to most sensitive; the default of river is among them.
KNOBS = {
    "ADWIN": (1e-50, 1e-20, 1e-10, 1e-6, 1e-4, 0.002, 0.01),
    "PageHinkley": (1_600.0, 800.0, 400.0, 300.0, 200.0, 150.0, 100.0, 75.0, 50.0, 30.0),
    "KSWIN": (1e-8, 1e-6, 1e-5, 1e-4, 0.005),
}
DEFAULTS = {"ADWIN": 0.002, "PageHinkley": 50.0, "KSWIN": 0.005}
BATCH = ("frouros KS chi2", "frouros PSI", "frouros MMD", "evidently")
WITHOUT_DEFAULT = ("frouros MMD",)


@dataclass(frozen=True)
class Field:
    """The streams: with a change and without; slow methods take the first few of each kind."""

    changing: tuple[Stream, ...]
    null: tuple[Stream, ...]

    @property
    def all(self) -> tuple[Stream, ...]:
        """All streams, changing ones first."""
        return (*self.changing, *self.null)

    def first(self, runs: int, *, simulated: bool = False) -> "Field":
        """Return the streams with numbers below ``runs``; without the real ones if so wished."""

        def few(streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
            return tuple(s for s in streams if s.number < runs and (s.window == WINDOW or not simulated))

        return Field(few(self.changing), few(self.null))


def judged(streams: Sequence[Stream], says: Callable[[int, Stream], Verdict]) -> Score:
    return scored((stream, says(i, stream)) for i, stream in enumerate(streams))


def in_house(folder: Path, field: Field) -> Iterator[Line]:
    """Yield the lines that need no peer."""
    count = len(field.all)
    default = judged(field.all, lambda _, stream: ours(stream, Policy()))
    at_once = judged(field.all, lambda _, stream: ours(stream, replace(Policy(), persist=(1, 1))))
    for tuned in (False, True):
        yield Line("driftline", "default", tuned, default, count)
        yield Line("driftline", 'persist = "1 of 1"', tuned, at_once, count)
    loose = replace(Policy(), persist=(1, 1), false_alarms_per_ms=1 / (3 * DAY_MS))
    level = 'false_alarms = "1 per 3d", persist = "1 of 1"'
    yield Line("driftline", level, True, judged(field.all, lambda _, stream: ours(stream, loose)), count)
    yield Line("always", "", False, judged(field.all, lambda _, stream: constant(stream, True)), count)
    yield Line("never", "", False, judged(field.all, lambda _, stream: constant(stream, False)), count)
    scores = [bare_scores(folder, stream) for stream in field.all]
    yield Line("scipy KS, chi2", f"p < {TEXTBOOK}", False, judged(field.all, lambda i, _: above(scores[i], 1.0)), count)
    corrected = judged(field.all, lambda i, stream: above(scores[i], bonferroni(stream)))
    yield Line("scipy KS, chi2", "Bonferroni", False, corrected, count)
    yield tuned_line("scipy KS, chi2", field, scores, lambda limit: f"p < {TEXTBOOK**limit:.0e}")


def strictest(field: Field, scores: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """Return per pool the lowest threshold that no null score lies above."""
    limits: dict[str, float] = {}
    for stream, one in zip(field.null, scores[len(field.changing) :], strict=True):
        limits[stream.pool] = max(limits.get(stream.pool, 0.0), float(one.max()))
    return limits


def tuned_line(method: str, field: Field, scores: Sequence[NDArray[np.float64]], says: Callable[[float], str]) -> Line:
    """Return the line of a method with the lowest quiet threshold of each pool; the simulated one's is shown."""
    limits = strictest(field, scores)
    score = judged(field.all, lambda i, stream: above(scores[i], limits[stream.pool]))
    return Line(method, says(limits["simulated"]), True, score, len(field.all))


def streaming(folder: Path, method: str, field: Field) -> Iterator[Line]:
    """Yield a river detector's lines: at its default, and at its most sensitive setting that is quiet on the nulls."""
    null = river_alarms(folder, method, KNOBS[method], field.null)
    quietest = {stream.pool: _tuned(method, field, null, stream.pool) for stream in field.null}
    default = DEFAULTS[method]
    alarms = [*river_alarms(folder, method, sorted({default, *quietest.values()}), field.changing), *null]

    def line(tuned: bool, setting: Callable[[Stream], float]) -> Line:
        score = judged(field.all, lambda i, stream: above(alarms[i][setting(stream)].astype(float), 0.0))
        shown = quietest["simulated"] if tuned else default
        return Line(f"river {method}", f"{shown:g}", tuned, score, len(field.all))

    yield line(False, lambda _: default)
    yield line(True, lambda stream: quietest[stream.pool])


def _tuned(method: str, field: Field, null: Sequence[dict[float, NDArray[np.bool_]]], pool: str) -> float:
    """Return the most sensitive setting below which, itself included, none alarms on a pool's nulls; else the least."""
    alarms = [one for stream, one in zip(field.null, null, strict=True) if stream.pool == pool]
    quiet = list(takewhile(lambda setting: not any(one[setting].any() for one in alarms), KNOBS[method]))
    return quiet[-1] if quiet else KNOBS[method][0]


def batch(folder: Path, python: Path, method: str, field: Field) -> Iterator[Line]:
    """Yield the lines of a peer with a score per window and feature."""
    scores = batch_scores(folder, python, method, field.all)
    count = len(field.all)
    if method not in WITHOUT_DEFAULT:
        yield Line(method, "", False, judged(field.all, lambda i, _: above(scores[i], 1.0)), count)
    says = "distance > {:.2g}" if method in WITHOUT_DEFAULT else "threshold x {:.2g}"
    yield tuned_line(method, field, scores, says.format)
    if method == "evidently":
        half = [-(-len(stream.reference) // 2) for stream in field.all]
        share = judged(field.all, lambda i, _: above(scores[i], 1.0, half[i]))
        yield Line("evidently, half of the columns", "", False, share, count)


def lines(folder: Path, field: Field, python: Path | None, runs: dict[str, int]) -> Iterator[Line]:
    """Yield all lines; ``runs`` says how many streams of each kind slow methods take."""
    yield from in_house(folder, field)
    for method in (method for method in KNOBS if method in runs):
        yield from streaming(folder, method, field.first(runs[method], simulated=method == "KSWIN"))
    if python is None:
        print("the peers' environment cannot be made: frouros and evidently are left out", file=sys.stderr)
        return
    for method in (method for method in BATCH if method in runs):
        yield from batch(folder, python, method, field.first(runs[method]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few streams")
    parser.add_argument("--peers", type=Path, default=Path(".cache/peers"), help="virtual environment of the peers")
    parser.add_argument("--without", default="", metavar="METHODS", help="leave these out, for example KSWIN,evidently")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the peers' answers here (one seed a folder)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables here, too")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    many, few, fewest = (2, 1, 1) if options.quick else (5, 2, 1)
    runs = dict.fromkeys((*KNOBS, *BATCH), many) | {"evidently": few, "KSWIN": fewest}
    runs = {method: count for method, count in runs.items() if method not in options.without.split(",")}
    field = Field(tuple(changing(many, options.seed)), tuple(quiet(2 * many, options.seed)))
    began, found = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="driftline-detection-") as folder:
        for line in lines(options.keep or Path(folder), field, peers_python(options.peers), runs):
            found.append(line)
            print(f"{time.monotonic() - began:6.0f} s  {line.method}, {line.setting}", file=sys.stderr, flush=True)
    columns = (*CHANGES, "abrupt_insects")
    text = "\n\n".join([*(markdown(found, columns, tuned=tuned) for tuned in (False, True)), leads(found, columns)])
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n")


if __name__ == "__main__":
    main()
