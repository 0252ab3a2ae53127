"""References of the tap as plain npz files: arrays and numbers by name, no pickles, and a word for what they are."""

import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from baselines.errors import BaselineError

T = TypeVar("T")
# What numpy raises at a file that is no npz, or not whole, and ``make`` at one that holds something else.
_OTHER_FILE = (KeyError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error)


def write_arrays(path: Path, form: str, content: Mapping[str, Any]) -> None:
    """Write arrays and numbers, so that a reader sees the old file or the new one.

    Raises ``BaselineError`` when the file cannot be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    scratch = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with scratch.open("wb") as file:
            np.savez(file, format=np.array(form), **content)
        scratch.replace(target)
    except OSError as error:
        raise BaselineError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        scratch.unlink(missing_ok=True)


def read_arrays(path: Path, form: str, make: Callable[[Mapping[str, Any]], T], what: str) -> T:
    """Return what ``make`` makes of a file's content; ``what`` says in the error what the file is not.

    Raises ``BaselineError`` for a file that cannot be read, is of another form, or of which ``make`` makes nothing.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            if str(content["format"]) != form:
                raise ValueError(f"format {content['format']}, not {form}")
            return make(content)
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from error
    except _OTHER_FILE as error:
        raise BaselineError(f"{path}: {what.format(error)}") from error
