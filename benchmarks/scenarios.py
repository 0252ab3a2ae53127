"""Streams whose drift is known: simulated ones, reshuffled real rows, and a real one with a known change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.frames import REAL_SETS, Frame, join, length, real, take

REFERENCE, WINDOW = 3_000, 300
# Windows: quiet, changed, quiet again.
WINDOWS, BEGIN, END = 22, 8, 16
REAL_WINDOW = 200
Column = NDArray[Any]


@dataclass(frozen=True)
class Stream:
    """A reference, a stream in windows of ``window`` rows, and what is known of it.

    ``intervals`` are the windows (first, one past the last) with changed rows, ``changed`` the features that change.
    """

    scenario: str
    number: int
    reference: Frame
    stream: Frame
    window: int
    intervals: tuple[tuple[int, int], ...] = ()
    changed: frozenset[str] = frozenset()

    @property
    def windows(self) -> int:
        """How many whole windows the stream has."""
        return length(self.stream) // self.window

    @property
    def pool(self) -> str:
        """What its rows are drawn from: a real set, or "simulated"."""
        return "simulated" if self.window == WINDOW else self.scenario.removesuffix(" null")

    @property
    def key(self) -> str:
        """A name for files."""
        return f"{self.scenario.replace(' ', '_').replace(',', '')}-{self.number}"


def traffic(rng: np.random.Generator, n: int) -> dict[str, Column]:
    """Draw rows of six numeric and two categorical features; a and b go together (correlation 0.8)."""
    a = rng.normal(size=n)
    return {
        "a": a,
        "b": 0.8 * a + 0.6 * rng.normal(size=n),
        "skewed": rng.lognormal(0.0, 0.5, n),
        "counts": rng.poisson(4.0, n).astype(float),
        "minutes": 5.0 + 20.0 * rng.random(n),
        "tails": rng.standard_t(5, n),
        "few": rng.choice(["p", "q", "r", "s", "t"], n, p=[0.4, 0.25, 0.2, 0.1, 0.05]),
        "many": rng.choice([f"m{i}" for i in range(12)], n),
    }


# (rows of the interval, how far into it each row is from 0 to 1) -> the features that change
Change = Callable[[dict[str, Column], Column, np.random.Generator], dict[str, Column]]


def _abrupt(rows: dict[str, Column], at: Column, rng: np.random.Generator) -> dict[str, Column]:
    other = (rows["few"] == "p") & (rng.random(len(at)) < 0.5)
    return {"a": rows["a"] + 0.5, "counts": rows["counts"] + 1.0, "few": np.where(other, "t", rows["few"])}


def _small(rows: dict[str, Column], at: Column, rng: np.random.Generator) -> dict[str, Column]:
    return {"tails": rows["tails"] + 0.35 * np.sqrt(5.0 / 3.0)}


def _gradual(rows: dict[str, Column], at: Column, rng: np.random.Generator) -> dict[str, Column]:
    return {"skewed": rows["skewed"] + 0.6 * at}


def _shift(rows: dict[str, Column], at: Column, rng: np.random.Generator) -> dict[str, Column]:
    return {"tails": rows["tails"] + 0.6 * np.sqrt(5.0 / 3.0)}


def _unit(rows: dict[str, Column], at: Column, rng: np.random.Generator) -> dict[str, Column]:
    return {"minutes": 60.0 * rows["minutes"]}


def _stuck(rows: dict[str, Column], at: Column, rng: np.random.Generator) -> dict[str, Column]:
    return {"counts": np.full(len(at), 4.0)}


def _missing(rows: dict[str, Column], at: Column, rng: np.random.Generator) -> dict[str, Column]:
    return {"a": np.where(rng.random(len(at)) < 0.3, np.nan, rows["a"])}


def _new(rows: dict[str, Column], at: Column, rng: np.random.Generator) -> dict[str, Column]:
    return {"many": np.where(rng.random(len(at)) < 0.05, "new", rows["many"])}


def _dependence(rows: dict[str, Column], at: Column, rng: np.random.Generator) -> dict[str, Column]:
    return {"a": rows["a"], "b": rng.permutation(rows["b"])}


CHANGES: dict[str, tuple[Change, tuple[tuple[int, int], ...]]] = {
    "abrupt": (_abrupt, ((BEGIN, END),)),
    "small": (_small, ((BEGIN, END),)),
    "gradual": (_gradual, ((6, WINDOWS),)),
    "recurring": (_shift, ((4, 7), (10, 13), (16, 19))),
    "unit error": (_unit, ((BEGIN, END),)),
    "stuck": (_stuck, ((BEGIN, END),)),
    "missing burst": (_missing, ((BEGIN, 12),)),
    "new category": (_new, ((BEGIN, END),)),
    "dependence only": (_dependence, ((BEGIN, END),)),
}


def simulated(scenario: str, number: int, seed: int) -> Stream:
    """Draw one stream of a scenario; changes begin at the first row of their first window."""
    change, intervals = CHANGES[scenario]
    rng = np.random.default_rng([seed, list(CHANGES).index(scenario), number])
    reference, rows = traffic(rng, REFERENCE), traffic(rng, WINDOWS * WINDOW)
    names: set[str] = set()
    for first, end in intervals:
        part = slice(first * WINDOW, end * WINDOW)
        new = change(take(rows, part), np.linspace(0.0, 1.0, (end - first) * WINDOW), rng)
        names |= new.keys()
        for name, column in new.items():
            whole = rows[name].astype(np.result_type(rows[name], column))
            whole[part] = column
            rows[name] = whole
    return Stream(scenario, number, reference, rows, WINDOW, intervals, frozenset(names))


def null(number: int, seed: int) -> Stream:
    """Draw a stream in which nothing changes."""
    rng = np.random.default_rng([seed, 1_000, number])
    return Stream("null", number, traffic(rng, REFERENCE), traffic(rng, WINDOWS * WINDOW), WINDOW)


def real_null(name: str, number: int, seed: int) -> Stream:
    """Draw a reference and 22 windows from a real pool; nothing changes."""
    reference, stream, _ = real(f"{name}__null")
    pool, m = join(reference, stream), length(reference)
    order = np.random.default_rng([seed, 2_000 + REAL_SETS.index(name), number]).permutation(length(pool))
    rows = take(pool, order[m : m + WINDOWS * REAL_WINDOW])
    return Stream(f"{name} null", number, take(pool, order[:m]), rows, REAL_WINDOW)


def insects() -> Stream:
    """Return the real stream whose columns were permuted at a known row and back again at another."""
    reference, stream, truth = real("abrupt_insects")
    first, end = (int(change["index"]) for change in truth["changes"])
    interval = (first // REAL_WINDOW, -(-end // REAL_WINDOW))
    unscored = set(truth["unscored_features"])
    kept, rows = ({f: c for f, c in frame.items() if f not in unscored} for frame in (reference, stream))
    return Stream("abrupt_insects", 0, kept, rows, REAL_WINDOW, (interval,), frozenset(truth["drifting_features"]))


def changing(runs: int, seed: int) -> Iterator[Stream]:
    """Yield ``runs`` streams of every scenario, then the real one."""
    for scenario in CHANGES:
        for number in range(runs):
            yield simulated(scenario, number, seed)
    yield insects()


def quiet(runs: int, seed: int) -> Iterator[Stream]:
    """Yield ``runs`` simulated streams without a change, and half as many of each real pool."""
    for number in range(runs):
        yield null(number, seed)
        if number % 2 == 0:
            for name in REAL_SETS:
                yield real_null(name, number, seed)
