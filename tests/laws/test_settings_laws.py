"""Laws of the spellings in the configuration file."""

import math
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.errors import SettingsError
from consumers.settings import Settings, load_settings
from consumers.settings.places import Place
from consumers.settings.spelling import (
    LONGEST_MS,
    UNITS_MS,
    format_budget,
    format_duration,
    format_persist,
    parse_budget_per_ms,
    parse_duration_ms,
    parse_persist,
)

KEYS = [
    (section, key)
    for section, field in Settings.model_fields.items()
    for key in [*Place(field.annotation).keys(), "sasl_plain_password", "max_poll_records", "ssl_password_file", "nope"]
]
VALUES = [
    "5",
    "-1",
    "0.5",
    "true",
    '""',
    '"1h"',
    '"a.b"',
    "[]",
    '["ks"]',
    "[[1]]",
    "{}",
    "{ks = 1}",
    "nan",
    "07:32:00",
    r'"a\n\u0000"',
]
SHAPE = re.compile("[0-9]{1,15}(ms|s|m|h|d|w)")


@given(st.integers(0, LONGEST_MS))
def test_every_duration_survives_being_written(duration_ms):
    """What is written for a duration reads back as the same milliseconds."""
    assert parse_duration_ms(format_duration(duration_ms)) == duration_ms


@given(st.text().filter(lambda text: not SHAPE.fullmatch(text)))
def test_no_other_text_is_a_duration(text):
    """Whatever is not digits and a unit ends in the one error for people."""
    with pytest.raises(ValueError, match="write for example"):
        parse_duration_ms(text)


@given(st.integers(1, 1000), st.integers(1, 500), st.sampled_from(sorted(UNITS_MS)))
def test_budgets_scale_with_their_duration(number, duration, unit):
    """A number per a duration is their quotient."""
    rate = parse_budget_per_ms(f"{number} per {duration}{unit}")
    assert math.isclose(rate, number / (duration * UNITS_MS[unit]), rel_tol=4 * sys.float_info.epsilon)


@given(st.integers(1, 365))
def test_common_budgets_are_written_as_people_would(days):
    """Whole numbers per 30 days are shown as whole numbers."""
    assert format_budget(parse_budget_per_ms(f"{days} per 30d")) == f"{days} per 30d"


@given(st.integers(1, 20).flatmap(lambda ticks: st.tuples(st.integers(1, ticks), st.just(ticks))))
def test_persistence_survives_being_written(persist):
    """Every allowed pair reads back as itself."""
    assert parse_persist(format_persist(persist)) == persist


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=8))
@settings(deadline=None)
def test_any_file_is_settings_or_an_error_for_people(tmp_path_factory, entries):
    """Whatever value stands at whatever key: settings, or lines that each name the file; never another error."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    lines = [f"{section}.{key} = {value}\n" for (section, key), value in entries.items()]
    path.write_text("".join(lines), encoding="utf-8")
    assert_settings_or_refusal(path, {}, str(path))


@given(st.dictionaries(st.sampled_from(KEYS), st.text() | st.sampled_from(VALUES), max_size=8))
@settings(deadline=None)
def test_any_environment_is_settings_or_an_error_for_people(tmp_path_factory, entries):
    """Whatever text a variable holds: settings, or lines that each name the variable; never another error."""
    path = tmp_path_factory.getbasetemp() / "named.toml"
    path.write_text('monitor.name = "m"\n', encoding="utf-8")
    environ = {f"DRIFTLINE_{section}__{key}".upper(): text for (section, key), text in entries.items()}
    assert_settings_or_refusal(path, environ, "environment variable")


def assert_settings_or_refusal(path, environ, start):
    """Load, and where that is refused see that each line says where."""
    try:
        load_settings(path, environ)
    except SettingsError as error:
        refusal = str(error)
    else:
        return
    assert refusal
    assert all(line.startswith((start, str(path))) for line in refusal.split("\n"))
