"""Settings: the configuration file and the environment, validated once at the edge."""

from consumers.errors import SettingsError
from consumers.settings.load import load_settings, validate_against
from consumers.settings.model import Settings

__all__ = ["Settings", "SettingsError", "load_settings", "validate_against"]
