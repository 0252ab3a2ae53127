"""Pictures and embeddings as the tap reads them are what their modules compute."""

import numpy as np
import pytest
import torch

from consumers.tap import Embeddings, Pictures
from consumers.tap.embeddings import features, fit_embeddings
from consumers.tap.pictures import statistics


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_pictures_are_read_in_their_layout(layout):
    """A batch that was normalised for the model has the statistics of the pictures, channels first or last."""
    shown = torch.rand(3, 3, 12, 20, generator=torch.Generator().manual_seed(1))
    given = (shown - 0.5) / 0.25
    given = given.movedim(1, -1) if layout == "NHWC" else given
    read = Pictures(layout=layout, mean=[0.5] * 3, std=[0.25] * 3)(given)
    for name, value in statistics(shown).items():
        assert read[name].numpy() == pytest.approx(value.numpy(), abs=1e-5, rel=1e-4), name


def test_pictures_may_be_arrays():
    """What is recorded by hand as an array of bytes is read like a tensor."""
    shown = np.random.default_rng(1).integers(0, 256, (2, 8, 9, 1), dtype=np.uint8)
    read, wanted = Pictures(layout="NHWC")(shown), statistics(torch.from_numpy(shown), layout="NHWC")
    assert all(torch.equal(read[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("kind", ["tensor", "array", "maps"])
def test_embeddings_with_a_reference_have_all_its_features(kind):
    """Vectors, and feature maps flattened to vectors, are read as ``consumers.tap.embeddings`` says."""
    rows = np.random.default_rng(2).normal(size=(20, 6))
    reference = fit_embeddings(rows)
    given = {"tensor": torch.from_numpy(rows), "array": rows, "maps": torch.from_numpy(rows).reshape(20, 2, 3)}[kind]
    read, wanted = Embeddings(reference)(given), features(torch.from_numpy(rows), reference)
    assert list(read) == list(wanted)
    assert all(torch.equal(read[name], wanted[name]) for name in wanted)
    assert list(Embeddings()(given)) == ["embedding_norm"]
