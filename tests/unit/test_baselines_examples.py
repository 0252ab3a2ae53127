"""The examples in the docstrings of baselines."""

import doctest
import importlib
import pkgutil

import pytest

import baselines

MODULES = [found.name for found in pkgutil.walk_packages(baselines.__path__, "baselines.")]


def test_there_are_modules_to_look_through() -> None:
    """An empty list would pass for the wrong reason."""
    assert {"baselines.cells", "baselines.fitting.sums"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_examples_do_what_they_say(name: str) -> None:
    """Each docstring's example gives the result printed below it."""
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(verbose=False)
    for example in finder.find(module, name, globs={**vars(importlib.import_module("builtins")), **vars(module)}):
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0
