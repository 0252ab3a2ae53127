"""Formats made for a baseline and a configuration."""

from collections.abc import Callable
from importlib import import_module

from consumers.decode.event_reader import EventReader
from consumers.decode.format import Format, Wanted
from consumers.decode.format_names import AUTO, FORMATS, JSON
from consumers.decode.plain import Plain
from consumers.decode.record import Record


class NoSuchFormat(Exception):
    """A class that the configuration names as a format cannot be loaded; the message says why."""


def reader_of(wanted: Wanted, excludes: Callable[[Record], bool]) -> EventReader:
    """Return what opens records of the format that is configured; raises NoSuchFormat."""
    plain, told = Plain(wanted), wanted.event_format.format
    if told == JSON:
        return EventReader((), plain, None, excludes)
    names = dict.fromkeys((*FORMATS, told))
    formats = {name: format_named(name, wanted) for name in names if name != AUTO}
    return EventReader(tuple(formats.values()), plain, formats.get(told), excludes)


def format_named(name: str, wanted: Wanted) -> Format:
    """Return a format by its name, or by that of its class; raises NoSuchFormat."""
    module, _, attribute = FORMATS.get(name, name).partition(":")
    try:
        made: Format = getattr(import_module(module), attribute)(wanted)
    except (ImportError, AttributeError) as error:
        raise NoSuchFormat(f"the format {name} cannot be loaded: {error}") from error
    return made
