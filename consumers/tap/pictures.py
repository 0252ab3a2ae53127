"""Pictures as ordinary numeric features: what each one looks like, measured for a whole batch at once in torch.

The statistics see light, blur, noise, colour and compression; what is *in* a picture they cannot see: that is what
``consumers.tap.embeddings`` is for. The formulas stand in ``consumers.tap.picture_measures``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from consumers.tap import picture_measures as measures

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

NAMES = (
    "brightness",
    "contrast",
    "saturation",
    "sharpness",
    "noise",
    "luma_entropy",
    "balance_red",
    "balance_green",
    "balance_blue",
    "blockiness",
    "aspect_ratio",
    "width",
    "height",
)
Layout = Literal["NCHW", "NHWC"]


def statistics(batch: torch.Tensor, layout: Layout = "NCHW") -> dict[str, torch.Tensor]:
    """Return each of ``NAMES`` as a float32 tensor (N,) on the device of the batch.

    ``batch`` holds N pictures of one size with 1 channel (grey) or 3 (red, green, blue): uint8 from 0 to 255, or
    floats of any width from 0 to 1, [N, C, H, W] or, with ``layout="NHWC"``, [N, H, W, C]. Pictures that were
    normalised for a model are given as ``unnormalised(...)`` of them. Grey pictures have saturation and balance 0. A
    picture with a NaN in it has NaN for everything but its size.

    No gradients, no loop over pictures, and nothing that waits for a GPU. Sums run in float64, so that a picture's
    values do not depend on the batch it came in. Raises ``TypeError`` for another type of element and ``ValueError``
    for another shape or layout, without a look at the values.
    """
    import torch  # noqa: PLC0415 - an optional extra

    with torch.inference_mode():
        pixels = _unit_pixels(_channels_first(batch, layout))
        luma = measures.luma(pixels)
        red, green, blue = measures.balance(pixels)
        width, height = float(luma.shape[2]), float(luma.shape[1])
        values = (
            measures.mean(luma),
            measures.contrast(luma),
            measures.saturation(pixels),
            measures.sharpness(luma),
            measures.noise(luma),
            measures.entropy(luma),
            red,
            green,
            blue,
            measures.blockiness(luma),
            *(luma.new_full((len(luma),), size) for size in (width / height, width, height)),
        )
        return {name: value.to(torch.float32) for name, value in zip(NAMES, values, strict=True)}


def unnormalised(
    batch: torch.Tensor, mean: Sequence[float], std: Sequence[float], layout: Layout = "NCHW"
) -> torch.Tensor:
    """Return pictures as they were before ``(picture - mean) / std``, a mean and a std per channel.

    Raises ``TypeError`` for pictures that are no floats, and ``ValueError`` for another shape or layout, or when there
    is not one mean and one std for every channel.
    """
    import torch  # noqa: PLC0415 - an optional extra

    channels = _channels_first(batch, layout).shape[1]
    if not len(mean) == len(std) == channels:
        raise ValueError(f"{len(mean)} means and {len(std)} stds for {channels} channels: give one of each per channel")
    if not batch.is_floating_point():
        raise TypeError(f"pixels of type {batch.dtype} were not normalised: only floats can be turned back")
    one_each = (channels, 1, 1) if layout == "NCHW" else (channels,)
    with torch.inference_mode():
        return batch * batch.new_tensor(list(std)).reshape(one_each) + batch.new_tensor(list(mean)).reshape(one_each)


def _channels_first(batch: torch.Tensor, layout: str) -> torch.Tensor:
    if layout not in ("NCHW", "NHWC"):
        raise ValueError(f'layout {layout!r}: write "NCHW" or "NHWC"')
    if batch.ndim != 4:
        raise ValueError(f"pictures of shape {tuple(batch.shape)}: give {layout}, one picture as [1, ...]")
    pictures = batch.movedim(-1, 1) if layout == "NHWC" else batch
    channels, height, width = pictures.shape[1:]
    if channels not in (1, 3):
        raise ValueError(
            f"pictures of shape {tuple(batch.shape)} as {layout} have {channels} channels, not 1 or 3: "
            'say layout="NHWC" when channels come last, and leave out an alpha channel'
        )
    if not height or not width:
        raise ValueError(f"pictures of shape {tuple(batch.shape)} have no pixels")
    return pictures


def _unit_pixels(pictures: torch.Tensor) -> torch.Tensor:
    """Return the pixels as float32 from 0 to 1."""
    import torch  # noqa: PLC0415 - an optional extra

    if pictures.dtype is torch.uint8:
        return pictures.to(torch.float32) / 255.0
    if pictures.is_floating_point():
        return pictures.to(torch.float32)
    raise TypeError(f"pixels of type {pictures.dtype}: give uint8 from 0 to 255, or floats from 0 to 1")
