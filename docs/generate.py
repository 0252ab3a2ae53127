"""Writes docs/configuration.md and examples/driftline.toml from the settings themselves: python docs/generate.py."""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from consumers.settings.model import Settings
from consumers.settings.places import Place, alternatives
from consumers.settings.problems import example, toml_value

ROOT = Path(__file__).resolve().parent.parent
WORDS: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "plain value"}

# Tables that may be left out whole, and stand commented out in the example; with a name where a person gives one.
OPTIONAL = {"features.NAME": "features.user_age", "routes.NAME": "routes.team", "labels": "labels"}

INTRODUCTION = """\
# Configuration

<!-- Written by docs/generate.py from the settings; change the descriptions there. -->

`driftline` reads one TOML file (`--config driftline.toml`); [examples/driftline.toml](../examples/driftline.toml) has
every key with its default. A key that is not known is an error that names the nearest one that is.

**Durations** are a whole number and a unit, in quotes: `"500ms"`, `"90s"`, `"5m"`, `"1h"`, `"1d"`, `"1w"`.

**Paths** into an event are names joined by dots: `"payload.user.age"`.

**Environment.** `DRIFTLINE_<SECTION>__<KEY>` (two underscores) wins over the file:
`DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS=one:9092,two:9092`, `DRIFTLINE_DECISION__ALPHA__KS=0.05`. Lists are written with
commas or as JSON, tables as JSON.

**Secrets from files.** Any key may be given as `<key>_file`: the path, relative to the configuration file, of a file
with the value; the white space around it is cut off. `sasl_plain_password_file = "/run/secrets/kafka"` sets
`sasl_plain_password`, as does `DRIFTLINE_KAFKA__SASL_PLAIN_PASSWORD_FILE=/run/secrets/kafka`.
"""

CLIENT = """
Every further key of `[kafka]` goes to [kafka-python](https://kafka-python.readthedocs.io) as it is, to those of its
clients that take it: `security_protocol = "SASL_SSL"`, `sasl_mechanism`, `ssl_cafile`, `max_poll_records`. A key that
no client takes is an error, and so are the ones that driftline sets itself: group, commits, offset reset, isolation,
acknowledgements, transactions and serializers.
"""


def tables() -> Iterator[tuple[str, Place]]:
    """Yield every table of the file with its name, in the file's order."""
    for name, field in Settings.model_fields.items():
        place = Place(field.annotation, field)
        if get_origin(field.annotation) is Mapping:
            yield f"{name}.NAME", Place(get_args(field.annotation)[1], field)
            continue
        yield name, place
        for key, below in place.keys().items():
            if Place(below.annotation).keys():
                yield f"{name}.{key}", Place(below.annotation, below)


def type_words(place: Place) -> str:
    """Say a key's type in words."""
    if place.spelling is not None:
        return place.spelling.name
    return " or ".join(kind_words(kind) for kind in alternatives(place.annotation) if kind is not type(None))


def kind_words(kind: Any) -> str:
    """Say one type in words."""
    if get_origin(kind) is Literal:
        return ", ".join(f'`"{word}"`' for word in get_args(kind))
    if get_origin(kind) is tuple:
        return f"list of {kind_words(alternatives(get_args(kind)[0])[0])}"
    if get_origin(kind) is Mapping:
        return "table"
    return WORDS[kind]


def default_text(place: Place) -> str | None:
    """Return a key's default as TOML writes it, or None where it must be given or stands for "not set"."""
    field = place.field
    assert field is not None
    if field.is_required() or field.default is None or field.default_factory is not None:
        return None
    return f'"{place.spelling.show(field.default)}"' if place.spelling else toml_value(field.default)


def configuration_page() -> str:
    """Return docs/configuration.md."""
    return INTRODUCTION + "".join(table_part(name, place) for name, place in tables())


def table_part(name: str, place: Place) -> str:
    """Return one table's chapter."""
    rows = [key_row(key, field) for key, field in place.keys().items() if not Place(field.annotation).keys()]
    columns = "| key | type | default | meaning |\n| --- | --- | --- | --- |\n"
    return f"\n## [{name}]\n\n{place.table.__doc__}\n\n{columns}" + "".join(rows) + (CLIENT if name == "kafka" else "")


def key_row(key: str, field: FieldInfo) -> str:
    """Return one key's line."""
    place = Place(field.annotation, field)
    default = default_text(place)
    shown = f"`{default}`" if default is not None else "**required**" if field.is_required() else ""
    return f"| `{key}` | {type_words(place)} | {shown} | {field.description} |\n"


def example_file() -> str:
    """Return examples/driftline.toml: every key with its default; those without one commented out."""
    parts = ["# Every key of driftline.toml with its default. Only monitor.name must be given.\n"]
    for name, place in tables():
        own = "# " if name in OPTIONAL else ""
        parts.append(f"\n{comment(str(place.table.__doc__))}{own}[{OPTIONAL.get(name, name)}]\n")
        keys = place.keys().items()
        parts += [key_lines(key, field, own) for key, field in keys if not Place(field.annotation).keys()]
    return "".join(parts)


def key_lines(key: str, field: FieldInfo, own: str) -> str:
    """Return one key with its meaning above it."""
    place = Place(field.annotation, field)
    default = default_text(place)
    given = field.is_required() or (default is not None and "<monitor>" not in default and default != "{}")
    value = default if given and default is not None else example(place)
    line = f"{own if given else '# '}{key} = {value.replace('<monitor>', 'house-prices')}\n"
    return comment(str(field.description)) + line


def comment(text: str) -> str:
    """Return text as comment lines."""
    plain = " ".join(text.replace("`", "").split())
    return textwrap.fill(plain, 100, initial_indent="# ", subsequent_indent="# ") + "\n"


def main() -> None:
    """Write both files."""
    (ROOT / "docs" / "configuration.md").write_text(configuration_page(), encoding="utf-8")
    (ROOT / "examples" / "driftline.toml").write_text(example_file(), encoding="utf-8")


if __name__ == "__main__":
    main()
