"""A small regressor of prices, trained in seconds on a CPU, and saved as a program that anybody may load."""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

_BATCH = 256


class PriceModel(nn.Module):
    """From homes (N, F) in their own units to prices in thousands, (N, 1)."""

    def __init__(self, homes: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", homes.mean(0))
        self.register_buffer("std", homes.std(0))
        width = homes.shape[1]
        self.layers = nn.Sequential(nn.Linear(width, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))

    def forward(self, homes: torch.Tensor) -> torch.Tensor:
        """Return the prices."""
        return 100 * self.layers((homes - self.mean) / self.std)


def train(homes: torch.Tensor, prices: torch.Tensor, epochs: int = 12, seed: int = 0) -> PriceModel:
    """Train a model on homes (N, F) and prices (N,), and return it, ready to serve."""
    torch.manual_seed(seed)
    model = PriceModel(homes)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(homes)).split(_BATCH):
            optimiser.zero_grad()
            functional.l1_loss(model(homes[rows])[:, 0], prices[rows]).backward()
            optimiser.step()
    return model.eval()


def save(model: PriceModel, homes: torch.Tensor, path: Path) -> None:
    """Save the model as an exported program, for any number of homes: no pickle, so that no code comes along."""
    program = torch.export.export(model, (homes[:2],), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    torch.export.save(program, path)
