"""Reading JSON that people give us, with what is wrong said in one sentence."""

from pathlib import Path
from typing import Any

import msgspec

from baselines.errors import BaselineError


def read_json(path: Path, advice: str = "") -> Any:
    """Return what the file holds; raise ``BaselineError`` where it cannot be read or is no JSON.

    ``advice`` says what to write instead.
    """
    try:
        return msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"{path}: not JSON in UTF-8: {error}{advice and f'; {advice}'}") from error
