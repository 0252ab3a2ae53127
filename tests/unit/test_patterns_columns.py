"""Columns that changed places: told when the exchange is certain, and not when a common drift could have done it."""

import numpy as np

from tests.builders import patterns_of

RNG = np.random.default_rng(3)
SHAPES = {
    "age": lambda n: RNG.normal(40, 12, n),
    "income": lambda n: RNG.lognormal(8, 0.6, n),
    "rooms": lambda n: RNG.poisson(4, n).astype(float),
    "share": lambda n: RNG.beta(2, 5, n),
    "year": lambda n: np.floor(RNG.uniform(1950, 2020, n)),
}


def _training():
    return {name: shape(2000) for name, shape in SHAPES.items()}


def _window(**moved):
    return {name: SHAPES[moved.get(name, name)](400) for name in SHAPES}


def test_two_columns_exchanged_name_each_other():
    """Both of them, and nobody else."""
    found = patterns_of(_training(), _window(age="income", income="age"))
    assert {name: (pattern["kind"], pattern["column"]) for name, pattern in found.items()} == {
        "age": ("swapped", "income"),
        "income": ("swapped", "age"),
    }
    assert found["age"]["sentence"] == "age and income look swapped"


def test_columns_moved_round_each_name_their_source():
    """A ring of four."""
    ring = {"age": "income", "income": "rooms", "rooms": "year", "year": "age"}
    found = patterns_of(_training(), _window(**ring))
    assert {name: pattern["column"] for name, pattern in found.items()} == ring
    assert {(pattern["kind"], pattern["columns"]) for pattern in found.values()} == {("permuted", 4)}
    assert found["age"]["sentence"] == "age looks like income: 4 columns changed places"


def test_one_column_that_looks_like_another_is_not_told():
    """Income in the place of age, and income as ever: that may be a copy, or chance."""
    assert patterns_of(_training(), _window(age="income")) == {}


def _sensors(rows, shift=0.0, sources=None):
    centres = np.arange(12) * 0.8
    order = range(12) if sources is None else sources
    return {f"s{i}": RNG.normal(centres[source] + shift, 1, rows) for i, source in enumerate(order)}


def test_sensors_that_drift_together_are_not_shuffled():
    """Each looks like its neighbour in training, but all moved up."""
    assert patterns_of(_sensors(3000), _sensors(400, shift=1.6)) == {}


def _pairs_swapped(rows, short):
    """Of 20 pairs of sensors two apart that came within ``short`` of each other's place, return how many are told."""
    rng, told = np.random.default_rng(3), 0
    for _ in range(20):
        training = {"a": rng.normal(0, 1, 5000), "b": rng.normal(2, 1, 5000)}
        found = patterns_of(training, {"a": rng.normal(2 - short, 1, rows), "b": rng.normal(short, 1, rows)})
        told += found.get("a", {}).get("kind") == "swapped"
    return told


def test_sensors_of_one_make_are_swapped_only_where_they_fit_well():
    """Each could have shifted by itself, so nearly the other's place is not enough; the very place is."""
    assert _pairs_swapped(200, 0.2) <= 3
    assert _pairs_swapped(1000, 0.0) >= 17


def test_a_shuffle_of_columns_that_look_alike_is_told_without_all_of_the_sources():
    """Most can be matched; none is said to come from where it did not."""
    sources = [7, 10, 0, 8, 11, 1, 9, 2, 4, 3, 6, 5]
    found = patterns_of(_sensors(3000), _sensors(400, sources=sources))
    assert len(found) >= 8
    assert {pattern["kind"] for pattern in found.values()} <= {"permuted", "swapped"}
    named = {name: pattern["column"] for name, pattern in found.items() if "column" in pattern}
    assert named
    assert all(column == f"s{sources[int(name[1:])]}" for name, column in named.items())


def test_categorical_columns_exchanged_are_known_by_their_names():
    """Each holds the categories of the other, in its shares."""

    def cities(n):
        return RNG.choice(["Lima", "Oslo", "Rome"], n, p=[0.2, 0.3, 0.5]).tolist()

    def devices(n):
        return RNG.choice(["desktop", "mobile"], n, p=[0.4, 0.6]).tolist()

    training = {"city": cities(2000), "device": devices(2000)}
    found = patterns_of(training, {"city": devices(400), "device": cities(400)})
    assert {name: (p["kind"], p["column"]) for name, p in found.items()} == {
        "city": ("swapped", "device"),
        "device": ("swapped", "city"),
    }
