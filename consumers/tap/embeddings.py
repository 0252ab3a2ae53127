"""Embeddings as ordinary numeric features: what is in a picture or a text, as the user's own model sees it.

Drift in content shows in the mean of some of these features. The random Fourier features among them (Rahimi and Recht
2007) add up to a test statistic of whole distributions, from nothing but the means that driftline counts anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from consumers.tap.embedding_reference import EmbeddingReference, fit_embeddings, load_embeddings, save_embeddings

if TYPE_CHECKING:
    import torch
    from numpy.typing import ArrayLike

__all__ = [
    "EmbeddingReference",
    "feature_names",
    "features",
    "fit_embeddings",
    "load_embeddings",
    "mmd_squared",
    "save_embeddings",
]


def feature_names(reference: EmbeddingReference) -> tuple[str, ...]:
    """Return the names of ``features``, in their order.

    >>> feature_names(fit_embeddings([[0.0, 1.0], [1.0, 0.0]], principal=1, random=1, fourier=2))[3:]
    ('embedding_principal_0', 'embedding_projection_0', 'embedding_rff_0', 'embedding_rff_1')
    """
    counts = {
        "principal": len(reference.principal),
        "projection": len(reference.random),
        "rff": 2 * len(reference.frequencies),
    }
    numbered = (f"embedding_{kind}_{i}" for kind, count in counts.items() for i in range(count))
    return ("embedding_norm", "embedding_distance", "embedding_cosine", *numbered)


def features(embeddings: torch.Tensor, reference: EmbeddingReference) -> dict[str, torch.Tensor]:
    """Return each feature of embeddings [N, D] as a float32 tensor (N,) on their device.

    With x an embedding and c the training centroid: ``embedding_norm`` is |x|, ``embedding_distance`` |x - c|,
    ``embedding_cosine`` the cosine between x and c (0 when one of them is 0); ``embedding_principal_i`` and
    ``embedding_projection_i`` are (x - c) . v_i on the reference's principal and random directions;
    ``embedding_rff_i`` are cos(w_j . (x - c)) for i = 2j and sin(w_j . (x - c)) for i = 2j + 1, from -1 to 1. A NaN
    in x makes all of them NaN.

    The arithmetic is float64: values do not depend on the batch. Raises ``ValueError`` for another shape than
    [N, D] with the reference's D.
    """
    import torch  # noqa: PLC0415 - an optional extra

    if embeddings.ndim != 2 or embeddings.shape[1] != reference.width:
        raise ValueError(f"embeddings of shape {tuple(embeddings.shape)}: the reference has [N, {reference.width}]")
    with torch.inference_mode():
        rows = embeddings.to(torch.float64)
        centroid = rows.new_tensor(reference.centroid)
        apart = rows - centroid
        directions = np.concatenate([reference.principal, reference.random])
        angles = apart @ rows.new_tensor(reference.frequencies).T
        waves = torch.stack([angles.cos(), angles.sin()], dim=2).flatten(1)
        columns = torch.cat([_sizes(rows, apart, centroid), apart @ rows.new_tensor(directions).T, waves], dim=1)
        return dict(zip(feature_names(reference), columns.to(torch.float32).unbind(1), strict=True))


def mmd_squared(first_means: ArrayLike, first_n: int, second_means: ArrayLike, second_n: int) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy (Gretton et al. 2012) of two samples.

    ``first_means`` and ``second_means`` hold the means of all ``embedding_rff_i`` over samples of ``first_n`` and
    ``second_n`` embeddings, 2 or more. With M pairs, a . b / M of two embeddings' features estimates the Gaussian
    kernel, so that sum((mean_1 - mean_2)^2) / M estimates MMD^2. It is too large by (1 - E k(x, x')) / n for each
    sample; as cos^2 + sin^2 = 1, the pairs of an embedding with itself can be taken out, and that is done here. Sums
    of features add up over panes, so the statistic merges. 0 on average without drift, then also below 0. Raises
    ``ValueError`` for means of different or odd length, or fewer than 2 embeddings.
    """
    first, second = np.asarray(first_means, dtype=np.float64), np.asarray(second_means, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape or not len(first) or len(first) % 2:
        raise ValueError(f"means of shape {first.shape} and {second.shape}: give one for each embedding_rff_i")
    if min(first_n, second_n) < 2:
        raise ValueError(f"{first_n} and {second_n} embeddings: 2 or more are needed on both sides")
    pairs = len(first) / 2
    return _without_itself(first, first_n) + _without_itself(second, second_n) - 2.0 * float(first @ second) / pairs


def _without_itself(means: np.ndarray[tuple[int], np.dtype[np.float64]], n: int) -> float:
    """Return the mean kernel of pairs of different embeddings of one sample."""
    return (n * float(means @ means) / (len(means) / 2) - 1.0) / (n - 1)


def _sizes(rows: torch.Tensor, apart: torch.Tensor, centroid: torch.Tensor) -> torch.Tensor:
    """Return norm, distance and cosine as columns (N, 3)."""
    import torch  # noqa: PLC0415 - an optional extra

    norms = rows.norm(dim=1)
    lengths = norms * centroid.norm()
    cosine = ((rows @ centroid) / lengths).where(lengths != 0.0, 0.0)
    return torch.stack([norms, apart.norm(dim=1), cosine], dim=1)
