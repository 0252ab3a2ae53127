"""Conversions of units that people mix up: what the window's numbers are of the training's, and in which words."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conversion:
    """The window is ``factor * training + offset``; ``words`` say which unit stands instead of which."""

    factor: float
    offset: float
    words: str


# Factor, the larger numbers' unit, the smaller numbers' unit. The exact ones are definitions (BIPM, SI Brochure, 2019;
# international yard and pound, 1959).
_SCALES = (
    (60.0, "seconds", "minutes"),
    (60.0, "minutes", "hours"),
    (3600.0, "seconds", "hours"),
    (24.0, "hours", "days"),
    (1440.0, "minutes", "days"),
    (86_400.0, "seconds", "days"),
    (7.0, "days", "weeks"),
    (365.25, "days", "years"),
    (12.0, "months", "years"),
    (10.0, "millimetres", "centimetres"),
    (100.0, "percent", "shares"),
    (100.0, "cents", "whole units"),
    (1000.0, "thousandths", "whole units"),
    (1e6, "millionths", "whole units"),
    (1e9, "nanoseconds", "seconds"),
    (1.609344, "kilometres", "miles"),
    (2.54, "centimetres", "inches"),
    (2.2046226, "pounds", "kilograms"),
    (3.2808399, "feet", "metres"),
    (3.6, "km/h", "m/s"),
    (57.2957795, "degrees", "radians"),
)
# Factor, offset, unit in the window, unit in training.
_AFFINE = (
    (1.8, 32.0, "Fahrenheit", "Celsius"),
    (1 / 1.8, -32 / 1.8, "Celsius", "Fahrenheit"),
    (1.0, 273.15, "Kelvin", "Celsius"),
    (1.0, -273.15, "Celsius", "Kelvin"),
    (1.8, -459.67, "Fahrenheit", "Kelvin"),
    (1 / 1.8, 255.372, "Kelvin", "Fahrenheit"),
)
AFFINE = tuple(Conversion(factor, offset, f"{now} instead of {before}") for factor, offset, now, before in _AFFINE)


def scales_between(lowest: float, highest: float) -> Iterator[Conversion]:
    """Yield the plain factors, both ways, in [lowest, highest]."""
    for factor, many, few in _SCALES:
        if lowest <= factor <= highest:
            yield Conversion(factor, 0.0, f"{many} instead of {few}")
        if lowest <= 1 / factor <= highest:
            yield Conversion(1 / factor, 0.0, f"{few} instead of {many}")
