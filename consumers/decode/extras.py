"""Libraries that only some formats need: extras, loaded when a record of such a format comes."""

from functools import cache
from importlib import import_module
from typing import Any

from consumers.decode.lenient import Refused


def needed(module: str, extra: str, what: str) -> Any:
    """Return a module; raises Refused, naming the extra, where it is not installed."""
    found = _imported(module)
    if found is None:
        raise Refused("missing_extra", f"{what} needs {module}: install driftline[{extra}]")
    return found


@cache
def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        return None
