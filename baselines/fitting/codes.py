"""A chunk's categories as the numbers of a reference's cells."""

import numpy as np

from baselines.baseline import CategoricalReference
from baselines.cells import IntArray
from baselines.fitting.cells import Chunk
from baselines.fitting.in_order import STRUCTURE


class Codes(dict[object, int]):
    """Maps a name to its cell; names that the baseline did not keep are unseen, as fitting counted them."""

    def __init__(self, feature: CategoricalReference) -> None:
        super().__init__((name, code) for code, name in enumerate(feature.categories))
        self._boolean = feature.boolean
        self._unseen = len(feature.categories)
        self[None], self[STRUCTURE] = self._unseen + 1, self._unseen + 2

    def __missing__(self, name: object) -> int:
        return self.get(str(name).lower(), self._unseen) if self._boolean else self._unseen


def placed(chunk: Chunk, name: str, codes: Codes) -> IntArray:
    """Return the cell of each row's value, shape (chunk.rows,)."""
    cells = chunk.columns.get(name)
    places = np.full(chunk.rows, codes[None], dtype=np.int64)
    if cells is not None:
        names = cells.names_in_order()
        places[slice(None) if cells.rows is None else cells.rows] = [codes[one] for one in names]
    return places
