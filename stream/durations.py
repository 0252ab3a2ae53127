"""Lengths of time as people write them: "90s", "5m", "1d"."""

UNITS_MS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


def format_duration(duration_ms: int) -> str:
    """Return the shortest text of a whole number and a unit for a duration.

    >>> format_duration(5_400_000)
    '90m'
    """
    unit = next((unit for unit, size in UNITS_MS.items() if duration_ms % size == 0 and duration_ms), "s")
    return f"{duration_ms // UNITS_MS[unit]}{unit}"
