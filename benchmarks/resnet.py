"""A network of ResNet-18's size (He et al., Deep Residual Learning, 2015), with random weights, to measure beside."""

import torch
from torch import nn


class Block(nn.Module):
    """Two convolutions and what goes past them."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.along = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(inplace=True),
            nn.Conv2d(outside, outside, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outside),
        )
        same = stride == 1 and inside == outside
        past = (nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))
        self.past = nn.Identity() if same else nn.Sequential(*past)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return [N, outside, H, W]."""
        return torch.relu(self.along(values) + self.past(values))


def resnet18(classes: int = 1_000) -> nn.Module:
    """Return the network, [N, 3, H, W] to [N, classes]; 11.7 million parameters."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    layers.append(nn.MaxPool2d(3, 2, 1))
    inside = 64
    for outside, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(inside, outside, stride), Block(outside, outside, 1)]
        inside = outside
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes)).eval()
