"""Names of categories that training did not have: a bounded table that merges in any order.

Which names are kept is decided by a hash of the name, not by who came first, so that batches, partitions and workers
agree: of all names, the ``CAPACITY`` with the smallest hash (a bottom-k sample, Cohen and Kaplan 2007). The counts of
kept names are exact: a name among the smallest of the union is among the smallest wherever it occurs.
"""

from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b

CAPACITY = 64
# A name longer than this is cut: a stray document in a category field must not fill the panes.
LONGEST_NAME = 120


def tally_names(names: Iterable[str]) -> dict[str, int]:
    """Count names, each cut to ``LONGEST_NAME`` characters, and keep the bottom ``CAPACITY``.

    >>> tally_names(["tablet", "watch", "tablet"]) == {"tablet": 2, "watch": 1}
    True
    """
    counts: dict[str, int] = {}
    for name in names:
        short = name[:LONGEST_NAME]
        counts[short] = counts.get(short, 0) + 1
    return _bottom(counts)


def merge_names(tables: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add tables of counts and keep the bottom ``CAPACITY`` of the union."""
    total: dict[str, int] = {}
    for table in tables:
        for name, count in table.items():
            total[name] = total.get(name, 0) + count
    return _bottom(total)


def keep_bottom(names: Collection[str], most: int) -> list[str]:
    """Return the names with the smallest hashes, in order; all of them where there are no more than ``most``."""
    return sorted(names if len(names) <= most else sorted(names, key=_hash)[:most])


def _bottom(counts: dict[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in keep_bottom(counts, CAPACITY)}


def _hash(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest() + name.encode(
        "utf-8", "surrogatepass"
    )
