"""Say at the start when another distribution sits on one of our three import names.

``baselines``, ``stream`` and ``consumers`` are generic names and others use them: installing such a distribution beside
ours overwrites files in silence, and ``pip check`` is content. What follows is otherwise an import error, or worse,
far from its cause.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Final

PACKAGES: Final = ("baselines", "stream", "consumers")
_OURS: Final = "driftline"


class IntruderError(RuntimeError):
    """One of the three packages is not ours; the message names whose it is and what to do."""


def check_packages() -> None:
    """Raise `IntruderError` unless the three packages that Python would import are the ones installed together.

    Costs a few milliseconds: other distributions are looked at only when something is found wrong. An editable install
    or a plain checkout is checked by its places alone, since no list says what belongs into it.
    """
    root = Path(__file__).resolve().parent.parent
    for name in PACKAGES:
        _check_place(name, root)
    changed = list(_not_as_installed(root))
    if not changed:
        return
    for owner, path in _claims(changed):
        package = PurePosixPath(path).parts[0]
        raise IntruderError(
            f"the distribution `{owner}` has put {path} into driftline's package `{package}`.\n{_remedy(owner)}"
        )


def _check_place(name: str, root: Path) -> None:
    spec = find_spec(name)
    found = Path(spec.origin).resolve() if spec is not None and spec.origin is not None else None
    if found == root / name / "__init__.py":
        return
    where = "nowhere" if spec is None else found or "a folder without __init__.py"
    owner = next((owner for owner, _ in _claims([f"{name}/__init__.py"])), None)
    whose = f" (of the distribution `{owner}`)" if owner else ""
    raise IntruderError(
        f"driftline's package `{name}` belongs in {root / name}, but Python finds it at {where}{whose}.\n"
        f"{_remedy(owner)}"
    )


def _not_as_installed(root: Path) -> Iterator[str]:
    """Yield files of the three packages that differ from the list written at installation, or are not on it."""
    recorded = _recorded(root)
    if not recorded:
        return
    for name in PACKAGES:
        for path in (root / name).rglob("*.py"):
            relative = path.relative_to(root).as_posix()
            if recorded.get(relative) != _digest(path):
                yield relative


def _recorded(root: Path) -> dict[str, str]:
    """Return path and digest of each of our modules as RECORD has them; empty when none of them is listed."""
    try:
        installed = distribution(_OURS)
    except PackageNotFoundError:
        return {}
    if Path(str(installed.locate_file("consumers"))).resolve() != root / "consumers":
        return {}
    return {
        file.as_posix(): file.hash.value
        for file in installed.files or ()
        if file.parts[0] in PACKAGES and file.suffix == ".py" and file.hash is not None
    }


def _digest(path: Path) -> str:
    # As in RECORD: urlsafe base64 without padding (Python packaging, "Recording installed projects").
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).decode().rstrip("=")


def _claims(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (distribution, path) for each of the paths that a distribution other than ours lists as its own."""
    wanted = set(paths)
    for other in distributions():
        if _name(other) != _OURS:
            for path in sorted(wanted & {file.as_posix() for file in other.files or ()}):
                yield _name(other), path


def _name(found: Distribution) -> str:
    return found.metadata["Name"] or "unknown"


def _remedy(owner: str | None) -> str:
    if owner is None:
        return "Remove or rename that folder, or start driftline where it is not on Python's path."
    return (
        f"Run `pip uninstall {owner}` and `pip install --force-reinstall --no-deps driftline`, "
        "or install driftline into an environment of its own."
    )
