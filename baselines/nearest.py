"""A hint for a misspelt name."""

from collections.abc import Iterable
from difflib import get_close_matches

_LISTED = 10


def or_nearest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean ...?" or, where nothing is near, the first few names that there are.

    >>> or_nearest("user_aeg", ["user_age", "country"])
    "; did you mean 'user_age'?"
    """
    names = list(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    more = ", ..." if len(names) > _LISTED else ""
    return f"; there are {', '.join(names[:_LISTED])}{more}" if names else "; there are none"
