"""What reads predictions and labels, as the settings say."""

from consumers.assembly import event_format, new_registry
from consumers.decode.event_format import EventFormat
from consumers.decode.formats import NoSuchFormat
from consumers.decode.pairs import LabelReader, PredictionReader
from consumers.decode.tables import Names
from consumers.errors import SettingsError
from consumers.settings import Settings
from consumers.settings.labels import LabelSettings


def prediction_reader(settings: Settings, labels: LabelSettings, features: Names) -> PredictionReader:
    """Return what reads the predictions of events, whose baseline has these features. Raises SettingsError."""
    registry = new_registry(settings)
    try:
        return PredictionReader(event_format(settings.events), labels.prediction_path, features, registry)
    except NoSuchFormat as error:
        raise SettingsError(f"{settings.path}: events.format: {error}") from error


def label_reader(settings: Settings, labels: LabelSettings) -> LabelReader:
    """Return what reads the labels. Raises SettingsError."""
    told = EventFormat(timestamp=labels.timestamp, format=labels.format)
    try:
        return LabelReader(labels.id, labels.label_path, told, new_registry(settings))
    except NoSuchFormat as error:
        raise SettingsError(f"{settings.path}: labels.format: {error}") from error
