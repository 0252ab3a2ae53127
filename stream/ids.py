"""Deterministic names: the same inputs give the same id, on every machine and in every run."""

from hashlib import sha256


def digest(*parts: str) -> str:
    """Return 32 hexadecimal digits that depend on every part and on where one ends and the next begins.

    >>> digest("ab", "c") != digest("a", "bc")
    True
    """
    joined = b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in parts)
    return sha256(joined).hexdigest()[:32]
