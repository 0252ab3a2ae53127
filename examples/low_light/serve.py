"""A server of the model, and the tap that watches it: what a service of your own needs is in `watched`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from consumers import tap
from examples.low_light.model import MEAN, STD, model_input
from examples.low_light.pictures import CLASSES, Pictures


def watched(model: nn.Module, outlet: tap.Outlet) -> tap.Tap:
    """Watch a model: the statistics of its pictures and its answers become events."""
    watching = tap.Tap(outlet, features=tap.Pictures(mean=MEAN, std=STD), predictions=tap.Logits(CLASSES))
    watching.watch(model)
    return watching


@dataclass(frozen=True)
class Server:
    """Answers with the number of a class for each picture."""

    model: nn.Module
    tap: tap.Tap

    def answer(
        self, pictures: Pictures, ids: Sequence[str] | None = None, times_ms: Sequence[int] | None = None
    ) -> NDArray[np.int64]:
        """Ask the model; labels will come under these ids. The requests are of now unless told otherwise."""
        with torch.inference_mode(), self.tap.request(ids=ids, times=times_ms):
            answers: NDArray[np.int64] = self.model(model_input(pictures)).argmax(1).numpy()
        return answers
