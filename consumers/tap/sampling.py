"""Which rows of a batch are taken: each by itself, by chance of its own, so that nobody else's random numbers move."""

import numpy as np

from consumers.tap.snapshot import RowNumbers


class Sampler:
    """Takes each row with the chance ``share`` (above 0, at most 1); raises ValueError for another share."""

    def __init__(self, share: float, generator: np.random.Generator | None = None) -> None:
        if not 0 < share <= 1:
            raise ValueError(f"sample is {share}: write the share of rows to take, above 0 and at most 1")
        self.share = share
        self._generator = generator or np.random.default_rng()

    def pick(self, rows: int) -> RowNumbers | None:
        """Return the numbers of the rows to take, rising; None stands for all of them."""
        if self.share == 1:
            return None
        return np.flatnonzero(self._generator.random(rows) < self.share)

    def reseed(self) -> None:
        """Draw from chance anew: forked children would all pick the same rows."""
        self._generator = np.random.default_rng()
