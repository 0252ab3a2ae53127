"""Texts as ordinary numeric features, from their token ids: how long, how many unknown, and how usual the tokens are.

Ids are in the thousands, and no window has enough of each. So they are put into a few buckets by how frequent they
were in training, each bucket with about as many of all training tokens: the first has a handful of the most frequent
ids, the last very many rare ones. Another language, subject or tokeniser moves the shares of the buckets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consumers.tap.arrays_file import read_arrays, write_arrays

_FORMAT = "driftline-tokens/1"
UNSEEN = -1


@dataclass(frozen=True, eq=False, slots=True)
class TokenReference:
    """``bucket`` (V,) has the number of each id's bucket, 0 for the most frequent, -1 for ids not seen in training."""

    bucket: NDArray[np.int16]
    buckets: int

    def shares(self, ids: NDArray[Any], real: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
        """Return ``token_bucket_0_share`` and so on, and ``unseen_share``, of texts (N, L), (N,) each.

        ``real`` (N, L) says which ids are tokens. The shares of a text add up to 1; without tokens they are NaN.
        """
        known = (ids >= 0) & (ids < len(self.bucket))
        found = np.where(known, self.bucket[np.where(known, ids, 0)], UNSEEN)
        lengths = real.sum(axis=1)
        names = {number: f"token_bucket_{number}_share" for number in range(self.buckets)} | {UNSEEN: "unseen_share"}
        return {name: share_of((found == number) & real, lengths) for number, name in names.items()}


def fit_tokens(ids: ArrayLike, *, padding: int | None = None, buckets: int = 4) -> TokenReference:
    """Learn the buckets from the token ids of training texts, of any shape; the same ids give the same reference.

    Ids are ranked by frequency, equal ones by number. An id goes into the bucket that the middle of its share of all
    tokens falls into, when they are laid out in this order. Raises ``ValueError`` when there are no tokens, or negative
    ids, or less than one bucket.
    """
    tokens = np.asarray(ids).ravel()
    tokens = tokens if padding is None else tokens[tokens != padding]
    if tokens.dtype.kind not in "iu" or not len(tokens) or tokens.min() < 0 or buckets < 1:
        raise ValueError(
            f"{len(tokens)} token ids of type {tokens.dtype} in {buckets} buckets: give whole numbers from 0"
        )
    counts = np.bincount(tokens)
    order = np.argsort(-counts, kind="stable")
    middles = (np.cumsum(counts[order]) - counts[order] / 2) / len(tokens)
    bucket = np.empty(len(counts), dtype=np.int16)
    bucket[order] = np.minimum(middles * buckets, buckets - 1).astype(np.int16)
    bucket[counts == 0] = UNSEEN
    return TokenReference(bucket, buckets)


def save_tokens(reference: TokenReference, path: Path) -> None:
    """Write the reference as npz; raises ``BaselineError`` when the file cannot be written."""
    write_arrays(path, _FORMAT, {"bucket": reference.bucket, "buckets": reference.buckets})


def load_tokens(path: Path) -> TokenReference:
    """Read what ``save_tokens`` wrote, without pickles; raises ``BaselineError`` for any other file."""
    return read_arrays(path, _FORMAT, _read, "no reference of tokens: {}; write it with save_tokens")


def share_of(chosen: NDArray[np.bool_], lengths: NDArray[Any]) -> NDArray[np.float64]:
    """Return how many of each text's tokens are chosen, (N,), as a share; NaN for a text without tokens."""
    shares: NDArray[np.float64] = np.full(len(lengths), np.nan)
    np.divide(chosen.sum(axis=1), lengths, out=shares, where=lengths > 0)
    return shares


def _read(content: Mapping[str, Any]) -> TokenReference:
    bucket, buckets = content["bucket"].astype(np.int16), int(content["buckets"])
    if bucket.ndim != 1 or not len(bucket) or not UNSEEN <= bucket.min() <= bucket.max() < buckets:
        raise ValueError(f"buckets of shape {bucket.shape} that are not from {UNSEEN} to {buckets - 1}")
    return TokenReference(bucket, buckets)
