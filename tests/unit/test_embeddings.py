"""Features of embeddings, held against numpy and scipy, and their means against exact kernel statistics."""

import doctest
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist, pdist

from baselines import BaselineError
from consumers.tap import embeddings
from consumers.tap.embeddings import (
    EmbeddingReference,
    feature_names,
    features,
    fit_embeddings,
    load_embeddings,
    mmd_squared,
    save_embeddings,
)

FIELDS = ("centroid", "principal", "random", "frequencies", "bandwidth", "seed")


def drawn(n: int, width: int, seed: int = 0) -> np.ndarray:
    """Return embeddings (n, width) with an offset and directions of unequal variance, as those of models have."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(width, width)) * np.geomspace(2.0, 0.1, width)
    return 1.0 + rng.normal(size=(n, width)) @ mixing.T


def of(rows: np.ndarray, reference: EmbeddingReference) -> np.ndarray:
    """Return all features as columns (n, features)."""
    seen = features(torch.from_numpy(rows), reference)
    assert tuple(seen) == feature_names(reference)
    return np.stack([value.numpy() for value in seen.values()], axis=1).astype(np.float64)


def waves(rows: np.ndarray, reference: EmbeddingReference) -> np.ndarray:
    """Return the random Fourier features as columns."""
    return of(rows, reference)[:, -2 * len(reference.frequencies) :]


def kernel(first: np.ndarray, second: np.ndarray, bandwidth: float) -> np.ndarray:
    """Return the Gaussian kernel of each pair, exactly."""
    return np.exp(-cdist(first, second, "sqeuclidean") / (2.0 * bandwidth**2))


def unbiased(first: np.ndarray, second: np.ndarray, cross: np.ndarray) -> float:
    """Return the U-statistic of MMD^2 (Gretton et al. 2012, equation 3) from kernel matrices."""
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (first, second)]
    return within[0] + within[1] - 2.0 * cross.mean()


def test_features_are_what_numpy_computes():
    """Norm, distance, cosine, projections, cosines and sines, in the order of the names."""
    rows = drawn(50, 12, seed=1)
    reference = fit_embeddings(drawn(300, 12), principal=3, random=4, fourier=10)
    c = reference.centroid
    angles = (rows - c) @ reference.frequencies.T
    expected = np.column_stack(
        [
            np.linalg.norm(rows, axis=1),
            np.linalg.norm(rows - c, axis=1),
            1.0 - cdist(rows, c[None], "cosine")[:, 0],
            (rows - c) @ reference.principal.T,
            (rows - c) @ reference.random.T,
            np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(len(rows), -1),
        ]
    )
    assert of(rows, reference) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert len(feature_names(reference)) == 3 + 3 + 4 + 10


def test_principal_directions_are_the_eigenvectors_of_the_covariance():
    """They are orthonormal, and the variance along each is the eigenvalue of its rank, whichever side is longer."""
    for n, width in ((400, 10), (30, 60)):
        rows = drawn(n, width)
        principal = fit_embeddings(rows, principal=5).principal
        assert principal @ principal.T == pytest.approx(np.eye(5), abs=1e-9)
        eigenvalues = np.linalg.eigvalsh(np.cov(rows.T))[::-1][:5]
        assert (rows @ principal.T).var(axis=0, ddof=1) == pytest.approx(eigenvalues, rel=1e-8)
        assert (principal.max(axis=1) > -principal.min(axis=1)).all()


def test_no_more_directions_are_kept_than_embeddings_vary_in():
    """Embeddings on a line have one principal direction, and it is that line."""
    line = np.outer(np.arange(6.0), [0.6, 0.8, 0.0]) + 5.0
    assert fit_embeddings(line).principal == pytest.approx(np.array([[0.6, 0.8, 0.0]]))


def test_random_directions_have_length_1():
    """Entries are plus or minus 1 / sqrt(D), both signs present."""
    directions = fit_embeddings(drawn(20, 16), random=6).random
    assert directions.shape == (6, 16)
    assert set(np.abs(directions).ravel()) == {0.25}
    assert np.unique(directions).size == 2


def test_the_bandwidth_is_the_median_distance_of_unequal_pairs():
    """As scipy's distances of all pairs say; copies of a row are left out, and of many rows some are enough."""
    rows = drawn(40, 5)
    assert fit_embeddings(rows).bandwidth == pytest.approx(np.median(pdist(rows)))
    assert fit_embeddings(np.repeat(rows[:2], [50, 10], axis=0)).bandwidth == pytest.approx(pdist(rows[:2])[0])
    many = drawn(2_500, 5)
    assert fit_embeddings(many).bandwidth == pytest.approx(np.median(pdist(many)), rel=0.05)


def test_products_of_fourier_features_are_the_gaussian_kernel():
    """The mean product of two embeddings' features is near exp(-d^2 / 2 s^2), and exactly 1 of one with itself."""
    rows = drawn(40, 6, seed=2)
    reference = fit_embeddings(drawn(200, 6), fourier=8_000)
    seen = waves(rows, reference)
    assert np.abs(seen).max() <= 1.0
    products = seen @ seen.T / 4_000
    assert np.diag(products) == pytest.approx(np.ones(40), abs=1e-6)
    assert products == pytest.approx(kernel(rows, rows, reference.bandwidth), abs=0.06)


def test_mmd_from_means_is_the_u_statistic_over_all_pairs():
    """What the means give is exactly the unbiased estimate with the kernel that the features stand for."""
    reference = fit_embeddings(drawn(200, 6), fourier=20)
    first, second = waves(drawn(70, 6, 1), reference), waves(drawn(50, 6, 2) + 0.5, reference)
    expected = unbiased(first @ first.T / 10, second @ second.T / 10, first @ second.T / 10)
    assert mmd_squared(first.mean(axis=0), 70, second.mean(axis=0), 50) == pytest.approx(expected, abs=1e-7)


def test_the_plain_sum_of_squares_is_too_large_by_what_is_said():
    """The sum of squared mean differences over M exceeds the estimate by (1 - mean kernel) / n of each sample."""
    reference = fit_embeddings(drawn(200, 6), fourier=20)
    samples = [waves(drawn(n, 6, n), reference) for n in (40, 60)]
    means = [sample.mean(axis=0) for sample in samples]
    excess = 0.0
    for sample in samples:
        k, n = sample @ sample.T / 10, len(sample)
        excess += (1.0 - (k.sum() - n) / (n * (n - 1))) / n
    plain = ((means[0] - means[1]) ** 2).sum() / 10
    assert plain - mmd_squared(means[0], 40, means[1], 60) == pytest.approx(excess, abs=1e-6)


def test_mmd_is_near_the_exact_one_and_near_0_without_drift():
    """With many features the estimate is that of the exact Gaussian kernel; the same distribution gives about 0."""
    reference = fit_embeddings(drawn(400, 6), fourier=4_000)
    first, same, other = drawn(300, 6, 3), drawn(300, 6, 4), drawn(300, 6, 5) + 1.0
    means = [waves(rows, reference).mean(axis=0) for rows in (first, same, other)]
    s = reference.bandwidth
    exact = unbiased(kernel(first, first, s), kernel(other, other, s), kernel(first, other, s))
    assert mmd_squared(means[0], 300, means[2], 300) == pytest.approx(exact, rel=0.1)
    assert abs(mmd_squared(means[0], 300, means[1], 300)) < exact / 10


def test_a_change_of_shape_alone_moves_the_means_of_fourier_features():
    """Two clusters against one cloud of the same mean and covariance: only those features' means leave their place."""
    rng = np.random.default_rng(7)
    n, width = 4_000, 4
    clusters, cloud = rng.normal(0.0, 0.3, (n, width)), rng.normal(0.0, 0.3, (n, width))
    clusters[:, 0] += np.where(rng.random(n) < 0.5, 1.0, -1.0)
    cloud[:, 0] = rng.normal(0.0, np.sqrt(1.09), n)
    reference = fit_embeddings(clusters, principal=2, random=2, fourier=32)
    before, after = of(clusters, reference), of(cloud, reference)
    errors = np.sqrt(before.var(axis=0) / n + after.var(axis=0) / n)
    moved = dict(zip(feature_names(reference), np.abs(after.mean(axis=0) - before.mean(axis=0)) / errors, strict=True))
    assert max(moved[name] for name in moved if "principal" in name or "projection" in name) < 4.0
    assert max(moved[name] for name in moved if "rff" in name) > 8.0


def test_an_embedding_has_the_same_bits_in_any_batch():
    """How batches fall moves no value over the edge of a cell."""
    reference = fit_embeddings(drawn(200, 48))
    rows = torch.from_numpy(drawn(33, 48, seed=3)).float()
    together = features(rows, reference)
    for i in (0, 7, 32):
        alone = features(rows[i : i + 1], reference)
        assert all(alone[name][0] == together[name][i] for name in together)


def test_tensors_lists_and_half_floats_are_taken():
    """Training embeddings may be tensors with gradients, arrays or lists; new ones have any width of float."""
    rows = drawn(30, 4)
    reference = fit_embeddings(rows)
    for same in (rows.tolist(), torch.from_numpy(rows).requires_grad_()):
        again = fit_embeddings(same)
        assert all(np.array_equal(getattr(again, name), getattr(reference, name)) for name in FIELDS)
    half = torch.from_numpy(rows).bfloat16().requires_grad_()
    for value in features(half, reference).values():
        assert (value.dtype, value.shape, value.requires_grad) == (torch.float32, (30,), False)
    assert features(half[:0], reference)["embedding_norm"].shape == (0,)


def test_embeddings_of_nothing_have_a_cosine():
    """A zero embedding has cosine 0; one with a NaN has NaN everywhere, and the next one is whole."""
    reference = fit_embeddings(drawn(30, 4))
    rows = np.ones((3, 4))
    rows[0], rows[1, 2] = 0.0, np.nan
    seen = of(rows, reference)
    assert seen[0, :3] == pytest.approx([0.0, np.linalg.norm(reference.centroid), 0.0])
    assert np.isnan(seen[1]).all()
    assert np.isfinite(seen[[0, 2]]).all()


def test_the_same_embeddings_give_the_same_file_and_another_seed_another(tmp_path: Path):
    """Fitting and writing are functions of embeddings and seed, byte by byte."""
    rows = drawn(60, 8)
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        save_embeddings(fit_embeddings(rows, seed=seed), tmp_path / name)
    first, second, other = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == second != other
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_what_was_saved_is_loaded_bit_by_bit(tmp_path: Path):
    """Every field of the reference survives the file."""
    reference = fit_embeddings(drawn(60, 8), seed=3)
    save_embeddings(reference, tmp_path / "embeddings.npz")
    again = load_embeddings(tmp_path / "embeddings.npz")
    for name in FIELDS:
        assert np.array_equal(getattr(again, name), getattr(reference, name)), name
    assert again.width == 8


def _content() -> dict[str, np.ndarray]:
    return {
        "format": np.array("driftline-embeddings/1"),
        "centroid": np.zeros(3),
        **{name: np.zeros((2, 3)) for name in ("principal", "random", "frequencies")},
        "bandwidth": np.array(1.0),
        "seed": np.array(0),
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": np.array("other/9")}, "format other/9"),
        ({"random": np.zeros((2, 4))}, "do not belong together"),
        ({"random": np.zeros(3)}, "do not belong together"),
        ({"centroid": None}, "centroid"),
        ({"centroid": np.array([print], dtype=object)}, "allow_pickle"),
    ],
)
def test_a_file_with_other_content_is_refused(tmp_path: Path, changes, words):
    """Another format, shapes that do not fit, a missing array, and pickled objects, which are never loaded."""
    path = tmp_path / "embeddings.npz"
    np.savez(path, **{name: value for name, value in (_content() | changes).items() if value is not None})
    with pytest.raises(BaselineError, match=words):
        load_embeddings(path)


@pytest.mark.parametrize("data", [None, b"", b"{}", b"\x93NUMPY", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_npz_is_refused_by_name(tmp_path: Path, data):
    """A missing, empty or foreign file is an error that names it."""
    path = tmp_path / "embeddings.npz"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(BaselineError, match=r"embeddings\.npz: "):
        load_embeddings(path)


def test_a_single_array_is_refused(tmp_path: Path):
    """An npy file reads as one array, which is no reference."""
    np.save(tmp_path / "embeddings.npy", np.zeros(3))
    with pytest.raises(BaselineError, match="no reference of embeddings"):
        load_embeddings(tmp_path / "embeddings.npy")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path):
    """A folder that is not there is an error with its name."""
    with pytest.raises(BaselineError, match="cannot be written"):
        save_embeddings(fit_embeddings(drawn(10, 3)), tmp_path / "nowhere" / "embeddings.npz")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (np.zeros(4), "two rows or more"),
        (np.zeros((1, 4)), "two rows or more"),
        (np.zeros((4, 0)), "two rows or more"),
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), "NaN"),
        (np.ones((5, 3)), "all equal"),
        (np.full((5, 3), 0.1), "all equal"),
    ],
)
def test_training_embeddings_that_teach_nothing_are_refused(rows, words):
    """Wrong shapes, values that are not numbers, and embeddings without any difference are errors."""
    with pytest.raises(ValueError, match=words):
        fit_embeddings(rows)


def test_an_odd_number_of_fourier_features_is_refused():
    """They come in pairs of a cosine and a sine."""
    with pytest.raises(ValueError, match="even"):
        fit_embeddings(drawn(10, 3), fourier=3)


def test_embeddings_of_another_width_are_refused():
    """Those of another layer or model are an error that says both widths."""
    with pytest.raises(ValueError, match=r"\[N, 3\]"):
        features(torch.zeros(2, 4), fit_embeddings(drawn(10, 3)))


@pytest.mark.parametrize(
    ("first", "n", "words"), [([0.0, 1.0, 0.0], 5, "give one"), ([0.0, 1.0], 1, "2 or more"), ([], 5, "give one")]
)
def test_means_that_do_not_belong_together_are_refused(first, n, words):
    """Other lengths and samples of one are errors."""
    with pytest.raises(ValueError, match=words):
        mmd_squared(first, n, [0.0, 1.0], 5)


def test_the_examples_do_what_they_say():
    """The docstrings' examples give the results printed below them."""
    assert doctest.testmod(embeddings).attempted > 0
    assert doctest.testmod(embeddings).failed == 0
