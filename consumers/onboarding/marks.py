"""What stands beside the features: the event's id, the model and its version, values by which events are told apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from consumers.onboarding.values import Column

_IDS = (
    "id",
    "event_id",
    "eventid",
    "request_id",
    "requestid",
    "inference_id",
    "prediction_id",
    "uuid",
    "guid",
    "trace_id",
)
_MODELS = ("model", "model_name", "modelname", "model_id", "modelid", "inferenceservicename")
_VERSIONS = ("model_version", "modelversion", "version")
_MOST_SEGMENTS, _LEAST_EVENTS = 20, 50
_NEARLY_ALL = 0.95


@dataclass(frozen=True, slots=True)
class Marks:
    """Paths, None where nothing looks so; ``models`` are the names of models with their events.

    ``segments`` maps paths to how many different values there are.
    """

    id: str | None = None
    model: str | None = None
    model_version: str | None = None
    models: Mapping[str, int] = field(default_factory=dict)
    segments: Mapping[str, int] = field(default_factory=dict)


def find_marks(columns: Iterable[Column]) -> Marks:
    """Look at what stands outside of the features; of several, the shortest path is taken."""
    known = sorted((column for column in columns if column.present), key=lambda column: column.path.count("."))
    unique = [column for column in known if len(column.distinct) >= _NEARLY_ALL * len(column.values)]
    model = _named(known, _MODELS)
    version = _named(known, _VERSIONS)
    identifier = _named(unique, _IDS) or next((column for column in unique if _is_text(column)), None)
    taken = {column.path for column in (model, version, identifier) if column is not None}
    segments = {
        column.path: len(column.distinct) for column in known if column.path not in taken and _tells_apart(column)
    }
    return Marks(
        identifier.path if identifier else None,
        model.path if model else None,
        version.path if version else None,
        dict(model.distinct.most_common()) if model else {},
        segments,
    )


def _named(columns: Iterable[Column], names: tuple[str, ...]) -> Column | None:
    found = {name: column for column in reversed(list(columns)) for name in names if _last(column.path) == name}
    return next((found[name] for name in names if name in found), None)


def _last(path: str) -> str:
    return path.rpartition(".")[2].lower().lstrip("@")


def _is_text(column: Column) -> bool:
    return len(column.values) >= _LEAST_EVENTS and all(isinstance(value, str) for value in column.present)


def _tells_apart(column: Column) -> bool:
    return _is_text(column) and column.share >= _NEARLY_ALL and 2 <= len(column.distinct) <= _MOST_SEGMENTS
