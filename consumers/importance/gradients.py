"""Attribution by gradients, through captum: how much each column of each row moved the model's output.

Sources: Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017 (integrated gradients);
Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", NIPS 2017 (gradient SHAP: expected gradients).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from baselines import BaselineError
from baselines.cells import FloatArray
from consumers.importance.embeddings import Embeddings
from consumers.importance.model import Model

if TYPE_CHECKING:
    import torch

Progress: TypeAlias = Callable[[int, int | None], None]
# Points of each row's path at which gradients are taken.
POINTS = 50
# Rows at a time: so many times POINTS are in the model at once.
_ROWS = 256


@dataclass(frozen=True, eq=False, slots=True)
class Attributed:
    """Mean absolute attributions, shape (features,).

    ``blind`` are the columns that no gradient reaches. ``gap`` is the share of the change of output between reference
    and row that integrated gradients leave unexplained, which in theory is 0; it is not known of gradient SHAP.
    """

    sizes: FloatArray
    blind: tuple[int, ...]
    gap: float = 0.0


def integrated_gradients(
    model: Model,
    rows: FloatArray,
    reference: FloatArray,
    output: int | None,
    embeddings: Embeddings,
    progress: Progress,
) -> Attributed:
    """Integrate gradients along the straight line from ``reference`` (features,) to each of ``rows`` (n, features).

    Gauss-Legendre with 50 points. The output is that of number ``output``, by default the one that is largest for the
    row. Columns of ``embeddings`` go along the line between their codes' vectors. Raises ``BaselineError`` where the
    model has no gradients.
    """
    import torch
    from captum.attr import IntegratedGradients

    x, start = _tensor(rows, model), _tensor(reference[None, :], model)
    outputs_of = embeddings.outputs
    method = IntegratedGradients(outputs_of)
    sizes, missed, moved = np.zeros(rows.shape[1]), 0.0, 0.0
    for first, part in zip(range(0, len(x), _ROWS), torch.split(x, _ROWS), strict=True):
        ends, starts = embeddings.points(part), embeddings.points(start)
        target = _target(model.outputs(part).detach(), output)
        with _explained(model):
            found = method.attribute(ends, starts, target=target, n_steps=POINTS, internal_batch_size=_ROWS * POINTS)
        each = embeddings.by_column(found)
        change = _chosen(outputs_of(*ends), target) - _chosen(outputs_of(*starts).expand(len(part), -1), target)
        missed += float((each.sum(1) - change).abs().sum())
        moved += float(change.abs().sum())
        sizes += each.abs().sum(0).double().numpy()
        progress(first + len(part), len(rows))
    return Attributed(sizes / len(rows), _blind(sizes), missed / moved if moved else 0.0)


def gradient_shap(
    model: Model, rows: FloatArray, references: FloatArray, output: int | None, seed: int, progress: Progress
) -> Attributed:
    """Average gradients at random points between each row and rows drawn from ``references`` (m, features).

    50 points a row. The rest as ``integrated_gradients``; the expectation is its mean over the references.
    """
    import torch
    from captum.attr import GradientShap

    x, starts, sizes = _tensor(rows, model), _tensor(references, model), np.zeros(rows.shape[1])
    method = GradientShap(model.outputs)
    with _seeded(seed):
        for first, part in zip(range(0, len(x), _ROWS), torch.split(x, _ROWS), strict=True):
            target = _target(model.outputs(part).detach(), output)
            with _explained(model):
                found = method.attribute(part.requires_grad_(), starts, n_samples=POINTS, target=target)
            sizes += found.detach().abs().sum(0).double().numpy()
            progress(first + len(part), len(rows))
    return Attributed(sizes / len(rows), _blind(sizes))


def _tensor(rows: FloatArray, model: Model) -> "torch.Tensor":
    import torch

    return torch.tensor(rows, dtype=model.dtype)


def _target(outputs: "torch.Tensor", output: int | None) -> "torch.Tensor":
    """Return the number of each row's output, shape (n,)."""
    import torch

    return outputs.argmax(1) if output is None else torch.full((len(outputs),), output)


def _chosen(outputs: "torch.Tensor", target: "torch.Tensor") -> "torch.Tensor":
    return outputs.detach().gather(1, target[:, None])[:, 0]


def _blind(sizes: FloatArray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(sizes == 0.0).tolist())


@contextmanager
def _explained(model: Model) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise BaselineError(
            f"{model.name}: the model gives no gradients ({str(error).splitlines()[0]}): use --method permutation"
        ) from error


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the generators that captum takes its chance from, and leave them as they were."""
    import torch

    # captum draws from numpy's global generator; there is no way to hand it one.
    before: Any = np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002
