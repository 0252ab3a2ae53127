"""What pydantic found wrong, said in the words of the file: what is wrong, and what to write instead."""

import json
from typing import TYPE_CHECKING, Any, get_origin

from consumers.settings.model import Settings
from consumers.settings.places import Place, alternatives, nearest, place_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_WORDS = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}
# What pydantic adds to a location when the name of a table is wrong, not what is in it.
_OF_THE_NAME = "[key]"
_TABLES = {"model_type", "model_attributes_type", "mapping_type", "dict_type"}


def describe_problem(details: "ErrorDetails") -> tuple[tuple[str, ...], str]:
    """Return the key, as in the file, and a sentence."""
    kind, context = details["type"], details.get("ctx", {})
    key, place = _locate(tuple(str(part) for part in details["loc"] if part != _OF_THE_NAME))
    parent = place_of(Settings, key[:-1])
    if kind == "extra_forbidden":
        return key, unknown_key(key, parent)
    if kind == "literal_error":
        known = context["expected"].replace(" or ", ", ").replace("'", '"')
        return key, f"{toml_value(details['input'])} is not known here; write one of {known}"
    if kind == "value_error":
        return key, str(context["error"])
    if kind in _TABLES:
        return key, f"must be a table; write [{'.'.join(key)}] and its keys below"
    words = "is missing" if kind == "missing" else _WORDS.get(kind, details["msg"][0].lower() + details["msg"][1:])
    return key, f"{words.format(**context)}; write for example {key[-1]} = {example(place)}"


def unknown_key(key: tuple[str, ...], parent: Place | None) -> str:
    """Say which known key was probably meant: beside it, or in another section."""
    beside = list(parent.keys()) if parent else []
    guess = nearest(key[-1], beside)
    if guess is not None:
        return f"unknown key; write {guess}"
    sections = [name for name, field in Settings.model_fields.items() if key[-1] in set(Place(field.annotation).keys())]
    if sections:
        return f"unknown key; it belongs under [{sections[0]}]"
    return f"unknown key; the keys here are {', '.join(beside)}"


def example(place: Place) -> str:
    """Return a value that may stand there, as TOML writes it."""
    if place.field is None:
        return "0.05"
    if place.field.examples:
        return toml_value(place.field.examples[0])
    if place.spelling is not None:
        return place.spelling.example
    default = place.field.get_default()
    return "0.1" if default is None else toml_value(default)


def toml_value(value: Any) -> str:
    """Return a plain value as TOML writes it.

    >>> toml_value(("ks", "chi2"))
    '["ks", "chi2"]'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return json.dumps(value, default=str)


def _locate(loc: tuple[str, ...]) -> tuple[tuple[str, ...], Place]:
    """Cut what pydantic adds to a location (numbers of list items, names of types) off behind the last table."""
    place = Place(Settings)
    for depth, part in enumerate(loc):
        below = place.child(part)
        if below is None:
            return loc[: depth + 1] if place.keys() else loc[:depth], place
        place = below
        if not place.keys() and not any(get_origin(kind) is not None for kind in alternatives(place.annotation)):
            return loc[: depth + 1], place
    return loc, place
