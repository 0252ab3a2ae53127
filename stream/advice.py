"""What to look at first, by the kind of fault that a feature's move looks like."""

from collections.abc import Mapping
from types import MappingProxyType

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "unit_change": "Compare the unit in which {name} is sent with that of training; look at who last changed it.",
        "sign_flip": "Find out which side changed the sign of {name}.",
        "stuck": "Look at the source of {name}: a sensor, cache or join that always gives one value.",
        "clipped": "Look for a new limit at the source of {name}: a validation, a data type, a saturated sensor.",
        "quantised": "Find out who rounds {name}: a data type, an export, another device.",
        "default_fill": "Find out who fills {name} where it has no value; the model takes the fill for a measurement.",
        "missing": "Find out why {name} no longer arrives: look at the upstream source and its last release.",
        "gone": "Find out why {name} no longer arrives: look at the upstream source and its last release.",
        "wrong_type": "Look at how {name} is written: a number in quotes, a decimal comma, another field.",
        "swapped": "Compare the order of columns at the source with training: {name} and {column} changed places.",
        "permuted": "Compare the order of columns at the source with training: {columns} of them changed places.",
        "renamed": "Map the new names of {name} to those of training at the source; the model has not seen them.",
        "recoded": "Compare the encoding of {name} with that of training: its codes mean other categories now.",
    }
)


def advice_on(name: str, pattern: Mapping[str, object]) -> str:
    """Return what to look at for a feature with a pattern, as a drift event carries it.

    >>> advice_on("speed", {"kind": "sign_flip"})
    'Find out which side changed the sign of speed.'
    """
    facts = {key: str(value) for key, value in pattern.items()}
    return _ADVICE[str(pattern["kind"])].format(**{"name": name, **facts})
