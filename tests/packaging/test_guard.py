"""The guard lets honest installations pass and names intruders."""

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

INTRUDER = "streamy"
CHECK = "from consumers.guard import check_packages; check_packages(); print('fine')"


def _intruder_wheel(folder: Path, package: str) -> Path:
    """Write a little distribution that installs ``package/__init__.py``."""
    info = f"{INTRUDER}-1.0.dist-info"
    files = {
        f"{package}/__init__.py": "mine = True\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {INTRUDER}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_digest(text)},{len(text)}\n" for name, text in files.items())
    wheel = folder / f"{INTRUDER}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def _unpack(wheel: Path, site: Path) -> None:
    """Install as installers do to a plain wheel: unpack, over what is there."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)


def _check(site: Path, *before: Path) -> subprocess.CompletedProcess[str]:
    path = [str(folder) for folder in (*before, site)]
    script = f"import sys; sys.path[:0] = {path!r}; {CHECK}"
    return subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)


@pytest.fixture
def site(wheel: Path, tmp_path: Path) -> Path:
    """Return a folder into which driftline's wheel was installed."""
    folder = tmp_path / "site"
    _unpack(wheel, folder)
    return folder


def test_clean_installation_passes(site: Path) -> None:
    """Nothing is said when the three packages are as installed."""
    done = _check(site)
    assert done.stdout == "fine\n", done.stderr


def test_checkout_passes(repository: Path) -> None:
    """Running from a checkout that was never installed is fine."""
    done = _check(repository)
    assert done.stdout == "fine\n", done.stderr


def test_development_installation_passes() -> None:
    """An editable install, as the tests run in, is fine."""
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=False)
    assert done.stdout == "fine\n", done.stderr


@pytest.mark.parametrize("package", ["baselines", "stream"])
def test_overwriting_distribution_is_named(site: Path, tmp_path: Path, package: str) -> None:
    """Whose file lies in our package is said, with what to do about it."""
    _unpack(_intruder_wheel(tmp_path, package), site)
    done = _check(site)
    assert f"`{INTRUDER}` has put {package}/__init__.py into driftline's package `{package}`" in done.stderr
    assert f"pip uninstall {INTRUDER}" in done.stderr


def test_shadowing_distribution_is_named(site: Path, tmp_path: Path) -> None:
    """A package of the same name earlier on Python's path is found, with its owner."""
    _unpack(_intruder_wheel(tmp_path, "stream"), tmp_path / "earlier")
    done = _check(site, tmp_path / "earlier")
    assert "driftline's package `stream` belongs in" in done.stderr
    assert f"the distribution `{INTRUDER}`" in done.stderr


def test_shadowing_folder_is_pointed_at(site: Path, tmp_path: Path) -> None:
    """A folder of nobody's on Python's path is named by its place."""
    folder = tmp_path / "project" / "stream"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    done = _check(site, folder.parent)
    assert str(folder) in done.stderr
    assert "Remove or rename that folder" in done.stderr


def test_own_change_to_a_file_is_nobodys_business(site: Path) -> None:
    """A module patched in place by its user starts: no other distribution lays claim to it."""
    with (site / "stream" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("# patched\n")
    done = _check(site)
    assert done.stdout == "fine\n", done.stderr
