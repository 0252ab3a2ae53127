"""What every verb with a configuration begins with."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consumers.settings import Settings


def settings_from(config: Path) -> "Settings":
    """Return the settings of this file and of the environment. Raises SettingsError."""
    from consumers.settings import load_settings

    return load_settings(config, os.environ)
