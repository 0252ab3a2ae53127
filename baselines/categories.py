"""One spelling per category, whatever type carried it: training files and events must agree on names."""

_LARGEST_EXACT_INTEGER = 2.0**53


def canonical(value: str | bool | int | float) -> str:
    """Return the name of a category as text.

    Text stays as it is, booleans become "true" and "false", integers decimal digits; a float that is a whole number
    below 2**53 is spelled as that integer, because JSON writers disagree on ``1`` and ``1.0``.

    >>> canonical("1"), canonical(True), canonical(1), canonical(1.0), canonical(0.5)
    ('1', 'true', '1', '1', '0.5')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_EXACT_INTEGER:
        return str(int(value))
    return repr(value)
