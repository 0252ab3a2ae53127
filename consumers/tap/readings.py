"""How a batch becomes columns of features. A reading runs in the tap's own thread, on a copy; so it may take its time.

Any function from a batch to columns will do; the classes here are for the usual kinds of input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from consumers.tap import embeddings, pictures
from consumers.tap.tokens import share_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from consumers.tap.embedding_reference import EmbeddingReference
    from consumers.tap.snapshot import Array
    from consumers.tap.tokens import TokenReference

# Feature names to columns, a value per row of the batch: arrays, tensors or sequences.
Columns: TypeAlias = Mapping[str, Any]
# From a tensor in the CPU's memory, or an array, whose first axis counts the rows.
Reading: TypeAlias = Callable[[Any], Columns]


@dataclass(frozen=True)
class Tabular:
    """A matrix [N, F] with F named features; [N] is one feature. Raises ValueError for another number of columns."""

    names: Sequence[str]

    def __call__(self, batch: Array) -> dict[str, NDArray[Any]]:
        """Return a column for each name, as it stands in the batch."""
        matrix = as_array(batch)
        matrix = matrix[:, None] if matrix.ndim == 1 else matrix
        if matrix.ndim != 2 or matrix.shape[1] != len(self.names):
            raise ValueError(f"the input has shape {matrix.shape}, but {len(self.names)} features have names")
        return dict(zip(self.names, np.ascontiguousarray(matrix.T), strict=True))


@dataclass(frozen=True)
class Tokens:
    """Token ids [N, L]: ``tokens``, how many a text has, and ``unknown_share``, how many of them are ``unknown``.

    ``padding`` ids are no tokens; a text without any has missing shares. A ``reference``, what
    ``consumers.tap.tokens.fit_tokens`` learned, adds the shares of its buckets and of ids not seen in training.
    """

    unknown: int
    padding: int | None = None
    reference: TokenReference | None = None

    def __call__(self, batch: Array) -> dict[str, NDArray[Any]]:
        """Return each column, (N,)."""
        ids = as_array(batch)
        real = np.ones(ids.shape, bool) if self.padding is None else ids != self.padding
        lengths = real.sum(axis=1)
        columns = {"tokens": lengths, "unknown_share": share_of((ids == self.unknown) & real, lengths)}
        return columns if self.reference is None else columns | self.reference.shares(ids, real)


@dataclass(frozen=True)
class Embeddings:
    """Vectors [N, D]: ``embedding_norm``, their Euclidean length, or all that a reference of training vectors allows.

    ``reference`` is what ``consumers.tap.embeddings.fit_embeddings`` learned, where the further features are described.
    It reads outputs as well: ``Tap(..., predictions=Embeddings(reference))`` on the layer that makes them.
    """

    reference: EmbeddingReference | None = None

    def __call__(self, batch: Array) -> Columns:
        """Return the one column, or a column for each feature, (N,)."""
        if self.reference is not None:
            import torch  # noqa: PLC0415 - an optional extra

            return embeddings.features(torch.as_tensor(batch).flatten(1), self.reference)
        vectors = as_array(batch).astype(np.float64)
        return {"embedding_norm": np.linalg.norm(vectors.reshape(len(vectors), -1), axis=1)}


@dataclass(frozen=True)
class Pictures:
    """Images of one size: the statistics of ``consumers.tap.pictures``, which says what each of them sees.

    ``mean`` and ``std``, one of each per channel, are what the images were normalised with for the model.
    """

    layout: Literal["NCHW", "NHWC"] = "NCHW"
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None

    def __call__(self, batch: Array) -> Columns:
        """Return a column for each statistic, (N,)."""
        import torch  # noqa: PLC0415 - an optional extra

        images = torch.as_tensor(batch)
        if self.mean is not None and self.std is not None:
            images = pictures.unnormalised(images, self.mean, self.std, self.layout)
        return pictures.statistics(images, layout=self.layout)


def as_array(batch: Array) -> NDArray[Any]:
    """Return a tensor or whatever numpy takes as an array; bfloat16, which numpy lacks, becomes float32."""
    if isinstance(batch, np.ndarray):
        return batch
    if hasattr(batch, "detach"):
        tensor = batch.detach()
        return np.asarray((tensor.float() if tensor.is_floating_point() and tensor.itemsize < 4 else tensor).numpy())
    return np.asarray(batch)
