"""Imports point one way, and the inner rooms do not touch the world."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("baselines", "stream", "consumers")
WORLD = {"asyncio", "concurrent", "ctypes", "fcntl", "glob", "http", "io", "kafka", "logging", "multiprocessing", "os"}
WORLD |= {"pathlib", "random", "requests", "rich", "secrets", "select", "shutil", "signal", "socket", "ssl"}
WORLD |= {"subprocess", "sys", "tempfile", "threading", "time", "typer", "urllib", "uuid"}
# Who speaks Kafka, the one that makes topics beside them; everything else is handed sources and sinks.
KAFKA_FILES = ("kafka_*.py", "consumers/topics.py")
SHADOWING = {"kafka", "river", "torch", "types", "signal", "statistics", "numpy", "scipy", "typing", "json", "logging"}


def _modules(root: Path, package: str) -> list[Path]:
    found = sorted((root / package).rglob("*.py"))
    assert found
    return found


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def _tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(path)}


@pytest.mark.parametrize(("package", "forbidden"), [("baselines", {"stream", "consumers"}), ("stream", {"consumers"})])
def test_imports_point_one_way(repository: Path, package: str, forbidden: set[str]) -> None:
    """The consumers know the stream, the stream knows the baselines, and never the other way."""
    assert {path: _tops(path) & forbidden for path in _modules(repository, package) if _tops(path) & forbidden} == {}


def test_stream_touches_no_world(repository: Path) -> None:
    """The arithmetic of drift has no files, sockets, threads, logs, clock or chance of its own."""
    assert {path: _tops(path) & WORLD for path in _modules(repository, "stream") if _tops(path) & WORLD} == {}


def test_stream_reads_no_clock(repository: Path) -> None:
    """Time is an argument: nothing in stream asks for now, today or the current UTC time."""
    asked = [
        (path, node.attr)
        for path in _modules(repository, "stream")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}
    ]
    assert asked == []


def test_only_kafka_files_import_the_client(repository: Path) -> None:
    """Every rule about the Kafka client stands in the files that are named after it."""
    speaking = [p for name in PACKAGES for p in _modules(repository, name) if "kafka" in _tops(p)]
    assert [path for path in speaking if not any(path.match(pattern) for pattern in KAFKA_FILES)] == []


def test_nothing_is_pickled(repository: Path) -> None:
    """Module names never get baked into files."""
    for package in PACKAGES:
        for path in _modules(repository, package):
            assert not _tops(path) & {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}, path


def test_no_module_shadows_a_library(repository: Path) -> None:
    """A module at the top of a package is never called as a library that people import by that name."""
    names = {path.stem for package in PACKAGES for path in (repository / package).glob("*.py")}
    assert names & SHADOWING == set()


def test_tests_and_docker_are_no_packages(repository: Path) -> None:
    """`tests/stream/__init__.py` would hijack `import stream`, `docker/__init__.py` the Docker SDK."""
    assert [p for place in ("tests", "docker") for p in (repository / place).rglob("__init__.py")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_all_names_exist(repository: Path, package: str) -> None:
    """What `__all__` offers can be imported."""
    checked = 0
    for path in _modules(repository, package):
        if "__all__" not in path.read_text(encoding="utf-8"):
            continue
        dotted = ".".join(path.relative_to(repository).with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(dotted)
        assert [name for name in module.__all__ if not hasattr(module, name)] == []
        checked += 1
    assert checked or package == "stream"


def test_importing_the_command_line_is_cheap(repository: Path) -> None:
    """`driftline --help` loads neither the Kafka client nor scipy."""
    libraries = ("kafka", "scipy", "river", "pyarrow", "torch")
    script = f"import sys, consumers.cli; print([m for m in {libraries} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_extras_are_imported_only_where_they_are_used(repository: Path) -> None:
    """No module imports a library of an extra while it is imported itself: people without it import everything."""
    extras = {"torch", "captum", "pyarrow", "narwhals", "pandas", "polars", "matplotlib"}
    at_once = [
        path
        for package in PACKAGES
        for path in _modules(repository, package)
        if extras & {name.split(".")[0] for name in _imported_at_once(ast.parse(path.read_text(encoding="utf-8")))}
    ]
    assert at_once == []


def _imported_at_once(node: ast.AST) -> Iterator[str]:
    """Yield what is imported outside of functions and of what only the type checker reads."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or "."
    elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_for_types(node):
        for child in ast.iter_child_nodes(node):
            yield from _imported_at_once(child)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def test_what_is_imported_at_once_is_told_from_what_is_not() -> None:
    """Imports at the top and in classes are seen, those in functions and for the type checker are not."""
    source = "import torch.nn\nif TYPE_CHECKING:\n    import a\ndef f():\n    import b\nclass C:\n    from c import d\n"
    assert set(_imported_at_once(ast.parse(source))) == {"torch.nn", "c"}
