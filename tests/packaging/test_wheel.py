"""The wheel holds the three packages and nothing else."""

import re
import zipfile
from pathlib import Path

PACKAGES = {"baselines", "stream", "consumers"}


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def _metadata(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [entry for entry in archive.namelist() if entry.endswith(f".dist-info/{name}")]
        return archive.read(path).decode()


def test_wheel_has_exactly_three_packages(wheel: Path) -> None:
    """Nothing but ours lands in site-packages: no tests, docs, docker or benchmarks."""
    tops = {name.split("/")[0] for name in _names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_wheel_has_every_module_of_the_checkout(wheel: Path, repository: Path) -> None:
    """A module that runs from the checkout runs from the wheel."""
    source = {
        path.relative_to(repository).as_posix()
        for package in PACKAGES
        for path in (repository / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in _names(wheel) if ".dist-info/" not in name} == source


def test_each_package_says_that_it_is_typed(wheel: Path) -> None:
    """Type checkers of users read our annotations (PEP 561)."""
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(_names(wheel))


def test_wheel_carries_licence_and_command(wheel: Path) -> None:
    """The licence travels along, and `driftline` is on PATH after installing."""
    assert any(name.endswith("LICENSE") for name in _names(wheel))
    assert "driftline = consumers.cli:main" in _metadata(wheel, "entry_points.txt")


def test_every_dependency_has_its_reason(wheel: Path, repository: Path) -> None:
    """docs/dependencies.md names each distribution that pyproject.toml asks for, and no others."""
    page = (repository / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([A-Za-z0-9_-]+)`", page, re.MULTILINE))
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    dev = project[project.index("[dependency-groups]") : project.index("[tool.hatch")]
    runtime = re.findall(r"^Requires-Dist: ([A-Za-z0-9_-]+)", _metadata(wheel, "METADATA"), re.MULTILINE)
    assert explained == {*runtime, *re.findall(r'^  "([A-Za-z0-9_-]+)', dev, re.MULTILINE)}
