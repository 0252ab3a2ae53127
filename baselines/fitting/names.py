"""Names of one column in bounded memory: all while they are few; the frequent ones and a sample when they are many."""

from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b

# Up to this many different names are counted one by one in the first pass.
MOST_NAMES = 100_000
# Names drawn, by the smallest hashes, to estimate how many there are in all and how many occur once.
SAMPLED_NAMES = 16_384
_HASHES = 2.0**64


class NameSketch:
    """What one pass learns of a column's names.

    Beyond ``MOST_NAMES`` different ones, the table keeps those that can be frequent (Misra and Gries 1982, merged as in
    Agarwal et al. 2012: every name with more than 2/``MOST_NAMES`` of the rows is among them), to be counted exactly in
    a second pass, and a bottom-k sample of names (Cohen and Kaplan 2007) with exact counts.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.complete = True
        self._counts: Counter[str] = Counter()
        self._sample: dict[str, tuple[int, int]] = {}
        self._widest = int(_HASHES)
        self._repeated = False

    def add(self, names: Mapping[str, int]) -> None:
        """Add names with their rows."""
        self.rows += sum(names.values())
        self._counts.update(names)
        self._repeated = self._repeated or any(self._counts[name] > 1 for name in names)
        if not self.complete:
            self._draw(names)
        if len(self._counts) > MOST_NAMES:
            if self.complete:
                self.complete = False
                self._draw(self._counts)
            self._forget()

    @property
    def counts(self) -> Counter[str]:
        """All names with their rows while ``complete``; otherwise the candidates, with counts that are too low."""
        return self._counts

    @property
    def all_different(self) -> bool:
        """Whether no name was seen twice, as far as the table and the sample tell when there are many."""
        return not self._repeated and all(count == 1 for _, count in self._sample.values())

    @property
    def singletons(self) -> int:
        """The number of names seen exactly once, estimated from the sample when there are many."""
        if self.complete:
            return sum(count == 1 for count in self._counts.values())
        kept = sorted(self._sample.values())[:SAMPLED_NAMES]
        share = sum(count == 1 for _, count in kept[:-1]) / (len(kept) - 1)
        return round(share * (len(kept) - 1) / (kept[-1][0] / _HASHES))

    def _draw(self, names: Mapping[str, int]) -> None:
        sample = self._sample
        for name, count in names.items():
            place = name_hash(name)
            if place <= self._widest:
                sample[name] = (place, sample.get(name, (place, 0))[1] + count)
        if len(sample) > 2 * SAMPLED_NAMES:
            self._widest = sorted(place for place, _ in sample.values())[SAMPLED_NAMES - 1]
            self._sample = {name: both for name, both in sample.items() if both[0] <= self._widest}

    def _forget(self) -> None:
        """Take the median count from every name, at most once per 50,000 rows each; what is left could be frequent."""
        least = sorted(self._counts.values(), reverse=True)[MOST_NAMES // 2]
        self._counts = Counter({name: count - least for name, count in self._counts.items() if count > least})


def name_hash(name: str) -> int:
    """Return 64 well mixed bits of a name, the same in every process."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
