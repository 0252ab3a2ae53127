"""What training embeddings looked like: a centroid, fixed directions and fixed frequencies, kept in a plain npz file.

The matrices themselves are kept, not only the seed that drew them: generators change between versions of libraries.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from consumers.tap.arrays_file import read_arrays, write_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch
    from numpy.typing import ArrayLike

    from baselines.cells import FloatArray

_FORMAT = "driftline-embeddings/1"
_ARRAYS = ("centroid", "principal", "random", "frequencies")
# The median of the distances of 1,000 rows is within a few per cent of that of all.
_PAIRED_ROWS = 1_000


@dataclass(frozen=True, eq=False, slots=True)
class EmbeddingReference:
    """The training embeddings' centroid (D,), and what new embeddings are projected on, all float64.

    ``principal`` (K, D) are orthonormal directions of most variance; ``random`` (R, D) random ones of length 1;
    ``frequencies`` (M, D) those of M pairs of random Fourier features of a Gaussian kernel exp(-d^2 / (2 bandwidth^2)).
    ``seed`` is what the random ones were drawn with.
    """

    centroid: FloatArray
    principal: FloatArray
    random: FloatArray
    frequencies: FloatArray
    bandwidth: float
    seed: int

    @property
    def width(self) -> int:
        """Return D, the number of values of an embedding."""
        return len(self.centroid)


def fit_embeddings(
    embeddings: torch.Tensor | ArrayLike, principal: int = 8, random: int = 8, fourier: int = 32, seed: int = 0
) -> EmbeddingReference:
    """Learn the reference from training embeddings (N, D), N at least 2; the same ones give the same reference.

    ``principal`` directions at most: fewer when the embeddings vary in fewer. ``random`` ones have entries of +-1 /
    sqrt(D) (Achlioptas 2003). ``fourier`` is even: half cosines, half sines. The kernel's bandwidth is the median
    distance of unequal pairs (Gretton et al. 2012), of 1,000 rows at most. Raises ``ValueError`` for other shapes,
    for values that are not finite, and for embeddings that are all equal.
    """
    if fourier % 2 or min(principal, random, fourier) < 0:
        raise ValueError(f"{principal} principal, {random} random, {fourier} fourier: none below 0, and fourier even")
    rows = _matrix(embeddings)
    centroid = rows.mean(axis=0)
    rows = rows - centroid
    bandwidth = _median_distance(rows)
    generator = np.random.default_rng(seed)
    width = len(centroid)
    return EmbeddingReference(
        centroid,
        _principal_directions(rows, principal),
        generator.choice((-1.0, 1.0), (random, width)) / np.sqrt(width),
        generator.standard_normal((fourier // 2, width)) / bandwidth,
        bandwidth,
        seed,
    )


def save_embeddings(reference: EmbeddingReference, path: Path) -> None:
    """Write the reference as npz, so that a reader sees the old file or the new one.

    Raises ``BaselineError`` when the file cannot be written.
    """
    write_arrays(path, _FORMAT, {field.name: getattr(reference, field.name) for field in fields(reference)})


def load_embeddings(path: Path) -> EmbeddingReference:
    """Read what ``save_embeddings`` wrote, without pickles; raises ``BaselineError`` for any other file."""
    return read_arrays(path, _FORMAT, _read, "no reference of embeddings: {}; write it with save_embeddings")


def _read(content: Mapping[str, Any]) -> EmbeddingReference:
    arrays = {name: content[name].astype(np.float64) for name in _ARRAYS}
    shapes = [array.shape for array in arrays.values()]
    if [len(shape) for shape in shapes] != [1, 2, 2, 2] or len({shape[-1] for shape in shapes}) != 1:
        raise ValueError(f"shapes {shapes} do not belong together")
    return EmbeddingReference(**arrays, bandwidth=float(content["bandwidth"]), seed=int(content["seed"]))


def _matrix(embeddings: Any) -> FloatArray:
    plain = embeddings.detach().double().cpu().numpy() if hasattr(embeddings, "detach") else embeddings
    rows = np.asarray(plain, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < 2 or not rows.shape[1]:
        raise ValueError(f"embeddings of shape {rows.shape}: give two rows or more, [N, D]")
    if not np.isfinite(rows).all():
        raise ValueError("embeddings hold NaN or infinities: leave those rows out")
    return rows


def _median_distance(rows: FloatArray) -> float:
    from scipy.spatial.distance import pdist  # noqa: PLC0415 - scipy takes its time to import

    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _PAIRED_ROWS)).round().astype(np.int64)
    distances = pdist(rows[chosen])
    if not distances.any():
        raise ValueError("embeddings are all equal: there is nothing to compare with")
    return float(np.median(distances[distances > 0.0]))


def _principal_directions(rows: FloatArray, most: int) -> FloatArray:
    """Return the right singular vectors of centred rows, each with its largest entry above 0."""
    small = np.linalg.qr(rows, mode="r") if len(rows) > rows.shape[1] else rows
    _, sizes, directions = np.linalg.svd(small, full_matrices=False)
    varying = int(np.count_nonzero(sizes > sizes[0] * np.finfo(np.float64).eps * max(rows.shape)))
    kept = directions[: min(most, varying)]
    largest = np.abs(kept).argmax(axis=1)
    signs: FloatArray = np.sign(kept[np.arange(len(kept)), largest])
    return kept * signs[:, None]
