"""Sizes and shapes that keep the code readable, and words that do not belong into it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("baselines", "stream", "consumers")
FILE_LINES, FUNCTION_LINES, PARAMETERS = 300, 40, 7
# Options of a verb are its parameters, with their help texts.
VERBS = "consumers/cli/"
# Where a failure of any kind becomes an exit code; and where one bad record must not stop its partition for ever.
CATCH_ALL = {"consumers/cli/__init__.py", "consumers/undecodable.py"}
UNNAMES = re.compile(r"Manager|Handler|Helper|^Base[A-Z]|[Uu]tils|_(manager|handler|helper)s?$")
# Registries' hosts and folders of one machine: they are right in one place only.
FOREIGN = re.compile(rb"/wor[k]/|/roo[t]/|pypi\.or[g]|pythonhosted\.or[g]|repo1\.mave[n]|maven\.apache\.org/mave[n]2")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _modules(root: Path) -> list[Path]:
    return sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))


def _nodes(root: Path) -> Iterator[tuple[str, ast.AST]]:
    for path in _modules(root):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.relative_to(root).as_posix(), node


def _functions(root: Path) -> Iterator[tuple[str, Function]]:
    for path, node in _nodes(root):
        if isinstance(node, Function):
            yield path, node


def _tracked(root: Path) -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [root / name.decode() for name in done.stdout.split(b"\0") if name]


def test_no_file_is_over_300_lines(repository: Path) -> None:
    """A file can be read in one sitting."""
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _modules(repository)}
    assert {path: lines for path, lines in sizes.items() if lines > FILE_LINES} == {}


def test_no_function_is_over_40_lines(repository: Path) -> None:
    """A function fits on a screen, its docstring included; the options of verbs are not counted."""
    sizes = {
        (path, f.name): (f.end_lineno or 0) - (f.body[0].lineno if path.startswith(VERBS) else f.lineno) + 1
        for path, f in _functions(repository)
    }
    assert {place: lines for place, lines in sizes.items() if lines > FUNCTION_LINES} == {}


def test_no_function_has_over_7_parameters(repository: Path) -> None:
    """A call can be read; `self` is none, and the verbs of the command line are excepted."""
    counts = {
        (path, f.name): len([a for a in [*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs] if a.arg != "self"])
        for path, f in _functions(repository)
        if not path.startswith(VERBS)
    }
    assert {place for place, count in counts.items() if count > PARAMETERS} == set()


def test_errors_are_caught_by_name(repository: Path) -> None:
    """`except Exception` and a bare `except` stand only where a process ends."""
    broad = {
        path
        for path, node in _nodes(repository)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    }
    assert broad - CATCH_ALL == set()


def test_classes_say_what_they_are(repository: Path) -> None:
    """No class or module is a manager, a handler, a helper, a base or utils."""
    names = [node.name for _, node in _nodes(repository) if isinstance(node, ast.ClassDef)]
    names += [path.stem for path in _modules(repository)]
    assert [name for name in names if UNNAMES.search(name)] == []


def test_tracked_files_name_no_machine_and_no_registry(repository: Path) -> None:
    """What is written down holds on every machine."""
    found = {path: FOREIGN.findall(path.read_bytes()) for path in _tracked(repository) if path.is_file()}
    assert {path: words for path, words in found.items() if words} == {}
