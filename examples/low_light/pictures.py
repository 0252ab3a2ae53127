"""Pictures of discs and crosses, by daylight and in the dark, made by the example itself.

A scene is a shape of one colour before a background of another. A camera takes it: the less light there is, the longer
it exposes, so that pictures blur, and the more it amplifies, so that they are noisy; they are darker all the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

CLASSES = ("disc", "cross")
SIDE = 32
_BLUR_PIXELS = 2.5
# Standard deviation of a pixel's noise, of a full scale of 1: by daylight, and what darkness adds.
_NOISE, _NOISE_OF_DARKNESS = 0.01, 0.025
# The same scene in the sun and in the shade.
_SHADE = 0.6


@dataclass(frozen=True, slots=True)
class Pictures:
    """``pixels`` (N, 3, 32, 32) of uint8, and ``labels`` (N,), each the number of a class."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


def take_pictures(rng: np.random.Generator, n: int, light: float = 1.0) -> Pictures:
    """Take ``n`` pictures of scenes at random; ``light`` is 1 by day and 0 in complete darkness."""
    labels = rng.integers(0, len(CLASSES), n)
    lit = light * rng.uniform(_SHADE, 1.0, (n, 1, 1, 1)).astype(np.float32)
    dark = 1 - lit
    scenes = _scenes(rng, labels)
    blurred = gaussian_filter(scenes, (0, 0, _BLUR_PIXELS, _BLUR_PIXELS), truncate=2)
    exposed = (lit * scenes + dark * blurred) * lit
    noise = rng.standard_normal(exposed.shape, np.float32) * (_NOISE + _NOISE_OF_DARKNESS * dark)
    return Pictures((np.clip(exposed + noise, 0, 1) * 255).astype(np.uint8), labels)


def _scenes(rng: np.random.Generator, labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return scenes (N, 3, 32, 32) in full light, from 0 to 1: the shape is lighter, as a rule."""
    one_each = (len(labels), 3, 1, 1)
    shape, behind = rng.uniform(0.45, 1.0, one_each), rng.uniform(0.1, 0.65, one_each)
    return np.where(_inside(rng, labels)[:, None], shape, behind).astype(np.float32)


def _inside(rng: np.random.Generator, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which pixels (N, 32, 32) the shape covers; a disc and a cross of one size cover about as many."""
    x, y = rng.uniform(11, 21, (2, len(labels), 1, 1))
    size = rng.uniform(3.5, 7, (len(labels), 1, 1))
    angle = rng.uniform(0, np.pi / 2, (len(labels), 1, 1))
    down, right = np.mgrid[:SIDE, :SIDE]
    across = np.abs((right - x) * np.cos(angle) + (down - y) * np.sin(angle)) / size
    along = np.abs((down - y) * np.cos(angle) - (right - x) * np.sin(angle)) / size
    disc = across**2 + along**2 < 1
    cross = (np.minimum(across, along) < 0.3) & (np.maximum(across, along) < 1.4)
    return np.asarray(np.where(labels[:, None, None] == 0, disc, cross))
