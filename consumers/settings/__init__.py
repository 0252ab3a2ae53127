"""Settings: the configuration file and the environment, validated once at the edge."""

from consumers.errors import SettingsError
from consumers.settings.changes import Changes, parse_changes
from consumers.settings.load import load_settings, validate_against
from consumers.settings.model import Settings

__all__ = ["Changes", "Settings", "SettingsError", "load_settings", "parse_changes", "validate_against"]
