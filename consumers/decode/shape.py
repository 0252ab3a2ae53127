"""How most records of a format look, for the quick reader: what looks otherwise is read patiently."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from consumers.decode.tables import Names

# A path, key by key.
Keys: TypeAlias = tuple[str, ...]


def _nowhere(keys: Keys) -> Keys | None:
    """Say that nothing stands around an event."""
    return None


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a JSON object keeps an event, and what says that it is of a format.

    Whatever else such a record holds, its format must find this one event in it, and nothing else.

    ``event`` leads to the event; or, with ``names``, to a list of rows, each a list of values under these names.
    ``needs`` are the types (msgspec's) of what must stand where. ``around`` says where that stands to which a path with
    "@" leads, None where that is not in the record. ``is_closed``: there must not be other keys than these.
    ``headers`` are those that announce it. By ``refused_headers`` and ``refused_keys`` other formats are told: whoever
    knows them fills these in.
    """

    event: Keys = ()
    names: Names = ()
    needs: Mapping[Keys, Any] = field(default_factory=dict)
    around: Callable[[Keys], Keys | None] = _nowhere
    is_closed: bool = False
    headers: frozenset[str] = frozenset()
    refused_headers: frozenset[str] = frozenset()
    refused_keys: Names = ()


# The event itself.
PLAIN = Shape()


@runtime_checkable
class Shaped(Protocol):
    """A format that says how most of its records look."""

    @property
    def shapes(self) -> Sequence[Shape]:
        """The shapes, the likeliest first."""
        ...
