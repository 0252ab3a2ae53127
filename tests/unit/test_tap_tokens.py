"""Buckets of token frequency: what is learned from training texts, what is said of later ones, and how it is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch

from baselines import BaselineError
from consumers.tap import Tokens
from consumers.tap.tokens import TokenReference, fit_tokens, load_tokens, save_tokens


def zipf_texts(seed: int, texts: int = 300, vocabulary: int = 2_000) -> np.ndarray:
    """Return token ids (texts, 50) with the frequencies of words in a language; id 0 is padding and does not occur."""
    weights = 1 / np.arange(1, vocabulary)
    return np.random.default_rng(seed).choice(np.arange(1, vocabulary), (texts, 50), p=weights / weights.sum())


def columns_of(ids: np.ndarray, reference: TokenReference) -> dict[str, list[float]]:
    """Return what the tap would say of texts, padded with 0."""
    read = Tokens(unknown=1, padding=0, reference=reference)(ids)
    return {name: column.tolist() for name, column in read.items()}


def test_ids_fall_into_buckets_by_frequency() -> None:
    """Of ten tokens, the id of five is one half, the rest the other; what never came is unseen."""
    reference = fit_tokens([7, 7, 7, 7, 7, 3, 3, 9, 9, 5, 0, 0], padding=0, buckets=2)
    assert reference.bucket.tolist() == [-1, -1, -1, 1, -1, 1, -1, 0, -1, 1]


def test_shares_say_how_usual_a_text_is() -> None:
    """Each text has its own shares; unseen ids are those of no bucket, beyond the vocabulary and below 0 too."""
    reference = fit_tokens([7, 7, 7, 7, 7, 3, 3, 9, 9, 5], buckets=2)
    columns = columns_of(np.array([[7, 7, 3, 5], [7, 8, 11, -1], [9, 9, 0, 0], [0, 0, 0, 0]]), reference)
    assert columns["tokens"] == [4, 4, 2, 0]
    assert columns["token_bucket_0_share"][:3] == [0.5, 0.25, 0.0]
    assert columns["token_bucket_1_share"][:3] == [0.5, 0.0, 1.0]
    assert columns["unseen_share"][:3] == [0.0, 0.75, 0.0]
    assert all(np.isnan(column[3]) for name, column in columns.items() if name != "tokens")


def test_each_bucket_has_about_as_many_training_tokens() -> None:
    """With the frequencies of a language every bucket has its part, but for the few ids that are large parts alone."""
    ids = zipf_texts(1)
    columns = columns_of(ids, fit_tokens(ids, padding=0, buckets=4))
    means = [float(np.mean(columns[f"token_bucket_{number}_share"])) for number in range(4)]
    assert means == pytest.approx([0.25] * 4, abs=0.05)
    assert np.mean(columns["unseen_share"]) == 0.0


def test_another_subject_moves_the_buckets() -> None:
    """Texts whose rare words are frequent and whose frequent ones rare lose the first bucket and gain the last."""
    reference = fit_tokens(zipf_texts(1), padding=0)
    columns = columns_of(2_000 - zipf_texts(2), reference)
    assert np.mean(columns["token_bucket_0_share"]) < 0.05
    assert np.mean(columns["token_bucket_3_share"]) + np.mean(columns["unseen_share"]) > 0.9


def test_without_a_reference_there_are_no_buckets() -> None:
    """Length and unknown share need nothing learned; tensors are read as arrays are."""
    read = Tokens(unknown=1)(torch.tensor([[1, 5, 5, 5]]))
    assert {name: column.tolist() for name, column in read.items()} == {"tokens": [4], "unknown_share": [0.25]}


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    """The buckets of every id, in a file without pickles."""
    reference = fit_tokens(zipf_texts(1))
    save_tokens(reference, tmp_path / "tokens.npz")
    again = load_tokens(tmp_path / "tokens.npz")
    assert np.array_equal(again.bucket, reference.bucket)
    assert again.buckets == reference.buckets


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "driftline-embeddings/1"}, "format driftline-embeddings/1"),
        ({"bucket": np.zeros((2, 2), np.int16)}, r"shape \(2, 2\)"),
        ({"bucket": np.array([4])}, "from -1 to 3"),
        ({"buckets": None}, "no reference of tokens: .*buckets"),
        ({"bucket": np.array([object()])}, "no reference of tokens: .*allow_pickle"),
    ],
)
def test_a_file_of_another_kind_is_refused(changes: dict, words: str, tmp_path: Path) -> None:
    """The file is named and what is wrong with it; pickled objects are never loaded."""
    content = {"format": "driftline-tokens/1", "bucket": np.array([0, 3, -1]), "buckets": 4} | changes
    path = tmp_path / "tokens.npz"
    np.savez(path, **{name: value for name, value in content.items() if value is not None})
    with pytest.raises(BaselineError, match=words):
        load_tokens(path)


@pytest.mark.parametrize(("ids", "buckets"), [([], 4), ([0, 0], 4), ([1.5], 4), ([-1, 2], 4), ([1, 2], 0)])
def test_ids_that_are_none_are_refused(ids: list, buckets: int) -> None:
    """No tokens, fractions, ids below 0 and no bucket to put them into: told when the reference is made."""
    with pytest.raises(ValueError, match="give whole numbers"):
        fit_tokens(ids, padding=0, buckets=buckets)
