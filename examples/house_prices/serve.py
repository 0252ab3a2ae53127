"""A server of the model, and the tap that watches it: what a service of your own needs is in `watched`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from consumers import tap
from examples.house_prices.homes import FEATURES


def watched(model: nn.Module, outlet: tap.Outlet) -> tap.Tap:
    """Watch a model: the columns of its input and its answers become events."""
    watching = tap.Tap(outlet, features=FEATURES, fields={"model": "house-prices"})
    watching.watch(model)
    return watching


@dataclass(frozen=True)
class Server:
    """Answers with a price for each home."""

    model: nn.Module
    tap: tap.Tap

    def answer(self, homes: NDArray[np.float32], times_ms: Sequence[int] | None = None) -> NDArray[np.float32]:
        """Ask the model; the requests are of now unless told otherwise."""
        with torch.inference_mode(), self.tap.request(times=times_ms):
            answers: NDArray[np.float32] = self.model(torch.from_numpy(homes))[:, 0].numpy()
        return answers
