"""The formulas behind the statistics of pictures: float32 pixels [N, C, H, W] or luma [N, H, W] in, float64 (N,) out.

Pixels run from 0 to 1 and C is 1 or 3. Arithmetic on pixels is element by element and in float32, which is the same
on every device; only sums run in float64, whose order then changes nothing that float32 shows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

LUMA = (0.2126, 0.7152, 0.0722)  # Rec. ITU-R BT.709, on the gamma-encoded values, as in television
BINS = 256
BLOCK = 8  # JPEG's blocks are 8 by 8 pixels
# A tenth of a step of 8 bits: flat blocks have no differences at all, and the ratio must have an end.
_FLOOR = 0.1 / 255.0


def luma(pixels: torch.Tensor) -> torch.Tensor:
    """Return Y' = 0.2126 R' + 0.7152 G' + 0.0722 B' of each pixel, [N, H, W]; grey pixels are their own luma."""
    if pixels.shape[1] == 1:
        return pixels[:, 0]
    red, green, blue = (weight * channel for weight, channel in zip(LUMA, pixels.unbind(1), strict=True))
    return red + green + blue


def mean(values: torch.Tensor) -> torch.Tensor:
    """Return the mean of each picture's values; of luma, 0 to 1, that is brightness."""
    return _total(values) / math.prod(values.shape[1:])


def contrast(luma: torch.Tensor) -> torch.Tensor:
    """Return the standard deviation of luma, 0 to 0.5: root-mean-square contrast (Peli 1990)."""
    return _variance(luma).sqrt()


def saturation(pixels: torch.Tensor) -> torch.Tensor:
    """Return the mean of the pixels' (max - min) / max over channels, black as 0: S of HSV (Smith 1978), 0 to 1."""
    largest, smallest = pixels.amax(1), pixels.amin(1)
    return mean(((largest - smallest) / largest).where(largest != 0.0, 0.0))


def balance(pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the mean of red, green and blue, each minus the mean of all three: -2/3 to 2/3; grey pictures have 0."""
    if pixels.shape[1] == 1:
        none = mean(pixels) * 0.0
        return none, none, none
    means = [mean(channel) for channel in pixels.unbind(1)]
    middle = (means[0] + means[1] + means[2]) / 3.0
    return means[0] - middle, means[1] - middle, means[2] - middle


def sharpness(luma: torch.Tensor) -> torch.Tensor:
    """Return the variance of the Laplacian [[0, 1, 0], [1, -4, 1], [0, 1, 0]] (Pech-Pacheco et al. 2000), 0 to 16.

    Over the pixels that have four neighbours; 0 where none has. With pixels from 0 to 255 it would be 65,025 times as
    much. Noise raises it, too: read it beside ``noise``.
    """
    if min(luma.shape[1:]) < 3:
        return mean(luma) * 0.0
    down, across = luma.diff(n=2, dim=1), luma.diff(n=2, dim=2)
    return _variance(down[:, :, 1:-1] + across[:, 1:-1, :])


def noise(luma: torch.Tensor) -> torch.Tensor:
    """Return the standard deviation of white noise in luma, estimated as by Immerkær (1996).

    sqrt(pi/2) / 6 times the mean absolute response of [[1, -2, 1], [-2, 4, -2], [1, -2, 1]], which planes and straight
    edges along the axes do not excite; fine texture does. 0 to 1.67; 0 where a side is under 3 pixels.
    """
    if min(luma.shape[1:]) < 3:
        return mean(luma) * 0.0
    response = luma.diff(n=2, dim=1).diff(n=2, dim=2)
    return mean(response.abs()) * (math.sqrt(math.pi / 2.0) / 6.0)


def entropy(luma: torch.Tensor) -> torch.Tensor:
    """Return Shannon's entropy (1948) of the histogram of luma over 256 equal bins from 0 to 1, in bits: 0 to 8.

    A grey level of 8 bits has its own bin; values outside 0 to 1 count into the nearest one.
    """
    import torch  # noqa: PLC0415 - an optional extra

    levels = luma.flatten(1)
    bins = (levels.nan_to_num() * BINS).clamp(0, BINS - 1).to(torch.int64)
    counts = bins.new_zeros(len(bins), BINS).scatter_add_(1, bins, bins.new_ones(1, 1).expand_as(bins))
    bits: torch.Tensor = torch.special.entr(counts.to(torch.float64) / levels.shape[1]).sum(1) / math.log(2.0)
    return bits + _total(luma) * 0.0  # what is not a number has no histogram


def blockiness(luma: torch.Tensor) -> torch.Tensor:
    """Return how much larger luma's steps are between blocks of 8 by 8 than within them; 1 is no trace of blocks.

    The mean absolute difference of neighbours across the lines of the grid over that of all other neighbours, a tenth
    of an 8-bit step added to both: the block edges and the activity of Wang, Sheikh and Bovik (2002), as a ratio. The
    grid begins at the top left: a picture that was cropped or resized after its compression shows none. 1 where no
    side is over 8 pixels.
    """
    down, across = luma.diff(dim=1).abs(), luma.diff(dim=2).abs()
    on_rows, on_columns = down[:, BLOCK - 1 :: BLOCK], across[:, :, BLOCK - 1 :: BLOCK]
    edges = on_rows[0].numel() + on_columns[0].numel() if len(luma) else 0
    if not edges:
        return mean(luma) * 0.0 + 1.0
    edge = _total(on_rows) + _total(on_columns)
    inside = _total(down) + _total(across) - edge
    others = down[0].numel() + across[0].numel() - edges
    return (edge / edges + _FLOOR) / (inside / others + _FLOOR)


def _total(values: torch.Tensor) -> torch.Tensor:
    import torch  # noqa: PLC0415 - an optional extra

    return values.flatten(1).sum(1, dtype=torch.float64)


def _variance(values: torch.Tensor) -> torch.Tensor:
    """Return the population variance of each picture's values: exactly 0 for equal ones, and never below."""
    middle = mean(values).to(values.dtype).reshape(-1, *(1 for _ in values.shape[1:]))
    apart = values - middle
    return (mean(apart * apart) - mean(apart) ** 2).clamp(min=0.0)
