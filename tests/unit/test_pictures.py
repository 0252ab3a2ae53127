"""Statistics of pictures, held against scipy, numpy, Pillow and colorsys, one picture and pixel at a time."""

import colorsys
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage, stats

from consumers.tap.pictures import NAMES, statistics, unnormalised

LAPLACIAN = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
SIZES = [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (8, 8), (9, 9), (17, 33), (64, 48)]


def oracle(picture: np.ndarray) -> dict[str, float]:
    """Return the statistics of one picture (3, H, W) of uint8 by other libraries, in float64."""
    rgb = picture / 255.0
    luma = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    height, width = luma.shape
    whole = min(height, width) >= 3
    inner = (slice(1, -1), slice(1, -1))
    histogram, _ = np.histogram(luma, bins=256, range=(0.0, 1.0))
    saturations = [colorsys.rgb_to_hsv(*pixel)[1] for pixel in rgb.reshape(3, -1).T]
    return {
        "brightness": luma.mean(),
        "contrast": luma.std(),
        "saturation": np.mean(saturations),
        "sharpness": ndimage.convolve(luma, LAPLACIAN)[inner].var() if whole else 0.0,
        "noise": np.sqrt(np.pi / 2) / 6 * np.abs(ndimage.convolve(luma, IMMERKAER)[inner]).mean() if whole else 0.0,
        "luma_entropy": stats.entropy(histogram, base=2),
        **{f"balance_{c}": rgb[i].mean() - rgb.mean() for i, c in enumerate(("red", "green", "blue"))},
        "blockiness": oracle_blockiness(luma),
        "aspect_ratio": width / height,
        "width": width,
        "height": height,
    }


def oracle_blockiness(luma: np.ndarray) -> float:
    """Return the ratio by looking at every pair of neighbours."""
    edges, others = [], []
    for (y, x), value in np.ndenumerate(luma):
        for ahead, at in (((y + 1, x), y + 1), ((y, x + 1), x + 1)):
            if ahead[0] < luma.shape[0] and ahead[1] < luma.shape[1]:
                (edges if at % 8 == 0 else others).append(abs(luma[ahead] - value))
    tenth = 0.1 / 255
    return (np.mean(edges) + tenth) / (np.mean(others) + tenth) if edges else 1.0


def drawn(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return pictures (N, 3, H, W) of uint8 with smooth shapes and a little noise, as photographs have."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(0.0, 1.0, shape), (0, 0, 6, 6), mode="wrap")
    pictures = 128 + 60 * smooth / max(smooth.std(), 1e-9) + rng.normal(0.0, 3.0, shape)
    return np.clip(np.round(pictures), 0, 255).astype(np.uint8)


def of(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Return the statistics of uint8 or float pictures as numpy arrays."""
    return {name: value.numpy() for name, value in statistics(torch.from_numpy(np.ascontiguousarray(pictures))).items()}


def through_jpeg(pictures: np.ndarray, quality: int) -> np.ndarray:
    """Return the pictures as Pillow reads them back from JPEG of that quality."""
    back = []
    for picture in pictures:
        file = BytesIO()
        Image.fromarray(np.moveaxis(picture, 0, -1)).save(file, "JPEG", quality=quality)
        back.append(np.moveaxis(np.asarray(Image.open(file)), -1, 0))
    return np.stack(back)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["drawn", "noise"])
def test_statistics_equal_an_independent_implementation(size, kind):
    """Each statistic of each picture is what scipy, numpy and colorsys say, down to pictures of one pixel."""
    noise = np.random.default_rng(1).integers(0, 256, (3, 3, *size), dtype=np.uint8)
    pictures = drawn((3, 3, *size)) if kind == "drawn" else noise
    seen = of(pictures)
    assert tuple(seen) == NAMES
    for i, picture in enumerate(pictures):
        expected = oracle(picture)
        assert {n: seen[n][i] for n in NAMES} == pytest.approx({n: expected[n] for n in NAMES}, rel=2e-5, abs=2e-6)


def test_saturation_is_that_of_pillow():
    """Pillow's HSV, which cuts to 8 bits, has the same saturation up to its step."""
    picture = drawn((1, 3, 32, 32))[0]
    pillow = np.asarray(Image.fromarray(np.moveaxis(picture, 0, -1)).convert("HSV"))[:, :, 1].mean() / 255
    assert of(picture[None])["saturation"][0] == pytest.approx(pillow, abs=1 / 255)


def test_values_of_tiny_pictures_are_exact():
    """A white cross on black of 3 by 3 pixels, by hand."""
    cross = np.array([[0, 255, 0], [255, 255, 255], [0, 255, 0]], dtype=np.uint8)[None, None]
    seen = {name: value[0] for name, value in of(cross).items()}
    share = 5 / 9
    assert seen["brightness"] == pytest.approx(share)
    assert seen["contrast"] == pytest.approx(np.sqrt(share * (1 - share)))
    assert seen["luma_entropy"] == pytest.approx(-share * np.log2(share) - (1 - share) * np.log2(1 - share))
    assert seen["noise"] == pytest.approx(np.sqrt(np.pi / 2) / 6 * abs(4 - 8))
    assert (seen["sharpness"], seen["blockiness"], seen["aspect_ratio"]) == (0.0, 1.0, 1.0)  # one pixel has neighbours


def test_pure_colours_have_known_saturation_and_balance():
    """Red is saturated and unbalanced by its channel; white and black are neither."""
    red, white, black = (np.full((3, 4, 4), 0, dtype=np.uint8) for _ in range(3))
    red[0], white[:] = 255, 255
    seen = of(np.stack([red, white, black]))
    assert seen["saturation"].tolist() == [1.0, 0.0, 0.0]
    assert seen["balance_red"] == pytest.approx([2 / 3, 0.0, 0.0])
    assert seen["balance_green"] == pytest.approx([-1 / 3, 0.0, 0.0])
    assert seen["brightness"] == pytest.approx([0.2126, 1.0, 0.0])


def test_bytes_and_floats_give_the_same_bits():
    """uint8 pictures and the same ones divided by 255 have the same statistics, whatever their layout in memory."""
    pictures = torch.from_numpy(drawn((4, 3, 21, 30)))
    wanted = statistics(pictures)
    last = pictures.permute(0, 2, 3, 1).contiguous()
    for same in (statistics(pictures / 255.0), statistics(last, layout="NHWC"), statistics(pictures.double() / 255.0)):
        assert all(torch.equal(same[name], wanted[name]) for name in NAMES)


def test_a_picture_has_the_same_bits_in_any_batch():
    """Alone, in a batch, and in the reversed batch: how batches fall moves no value over the edge of a cell."""
    pictures = torch.from_numpy(drawn((16, 3, 40, 56))) / 255.0
    together, reverse = statistics(pictures), statistics(pictures.flip(0))
    for i in range(len(pictures)):
        alone = statistics(pictures[i : i + 1])
        for name in NAMES:
            assert alone[name][0] == together[name][i] == reverse[name][-1 - i], name


def test_grey_pictures_are_those_with_three_equal_channels():
    """One channel and three equal ones look the same; neither has a colour."""
    grey = drawn((3, 1, 20, 24))
    one, three = of(grey), of(np.repeat(grey, 3, axis=1))
    for name in NAMES:
        assert one[name] == pytest.approx(three[name], abs=1e-5, rel=1e-4), name
    assert not one["saturation"].any()
    assert not one["balance_blue"].any()


@pytest.mark.parametrize("size", [*SIZES, (224, 224)])
@pytest.mark.parametrize("channels", [1, 3])
def test_constant_pictures_have_no_contrast_noise_or_blocks(size, channels):
    """Flat pictures of any size give finite values: exactly 0 where nothing differs, and 1 for blockiness."""
    seen = of(np.stack([np.full((channels, *size), level, dtype=np.uint8) for level in (0, 1, 77, 254, 255)]))
    assert all(np.isfinite(value).all() for value in seen.values())
    assert not any(seen[name].any() for name in ("contrast", "sharpness", "noise", "luma_entropy", "saturation"))
    assert seen["blockiness"].tolist() == [1.0] * 5
    assert seen["brightness"] == pytest.approx(np.array([0, 1, 77, 254, 255]) / 255, abs=1e-6)


def test_a_picture_with_a_nan_spoils_only_itself():
    """What is not a number is told as NaN in everything but the size, and the neighbours in the batch are whole."""
    pictures = torch.from_numpy(drawn((3, 3, 12, 12))) / 255.0
    wanted = statistics(pictures)
    pictures[1, 2, 5, 5] = torch.nan
    seen = statistics(pictures)
    for name in NAMES:
        assert torch.equal(seen[name][[0, 2]], wanted[name][[0, 2]]), name
        assert bool(seen[name][1].isnan()) == (name not in {"aspect_ratio", "width", "height"}), name


def test_strong_compression_raises_blockiness():
    """JPEG of quality 10 shows its blocks, of quality 95 hardly, and a picture cropped off the grid as good as none."""
    pictures = drawn((6, 3, 96, 120))
    plain, fine, coarse = (
        of(p)["blockiness"] for p in (pictures, through_jpeg(pictures, 95), through_jpeg(pictures, 10))
    )
    assert (coarse > 1.5).all()
    assert (coarse > fine).all()
    assert plain == pytest.approx(1.0, abs=0.1)
    assert (of(through_jpeg(pictures, 10)[:, :, 4:, 4:])["blockiness"] < 1.2).all()


def test_blur_lowers_sharpness_and_noise():
    """Pictures out of focus have a smaller Laplacian; their light stays."""
    pictures = drawn((4, 3, 64, 64))
    sharp, blurred = of(pictures), of(ndimage.gaussian_filter(pictures, (0, 0, 1.5, 1.5)))
    assert (blurred["sharpness"] < sharp["sharpness"] / 5).all()
    assert (blurred["noise"] < sharp["noise"] / 2).all()
    assert blurred["brightness"] == pytest.approx(sharp["brightness"], abs=0.01)


def test_darkness_lowers_brightness_and_contrast():
    """A third of the light is a third of brightness and contrast, and the colours stay as saturated."""
    pictures = drawn((4, 3, 64, 64)) / 255.0
    light, dark = of(pictures), of(pictures / 3.0)
    assert dark["brightness"] == pytest.approx(light["brightness"] / 3.0, rel=1e-5)
    assert dark["contrast"] == pytest.approx(light["contrast"] / 3.0, rel=1e-4)
    assert dark["saturation"] == pytest.approx(light["saturation"], rel=1e-5)
    assert (dark["luma_entropy"] < light["luma_entropy"]).all()


@pytest.mark.parametrize("sigma", [0.01, 0.03, 0.1])
def test_white_noise_is_measured(sigma):
    """The estimate is the standard deviation of the noise that was added to a smooth picture."""
    slope = np.add.outer(np.linspace(0.3, 0.6, 128), np.linspace(0.0, 0.1, 160))
    noisy = slope + np.random.default_rng(4).normal(0.0, sigma, (4, 1, *slope.shape))
    assert of(noisy)["noise"] == pytest.approx(np.full(4, sigma), rel=0.05)


def test_a_colour_cast_shows_in_the_balance():
    """More red by a tenth moves the balance of red up by two thirds of it, and the others down by one third."""
    pictures = np.clip(drawn((4, 3, 32, 32)) / 255.0, 0.0, 0.85)
    cast = pictures + np.array([0.1, 0.0, 0.0])[:, None, None]
    before, after = of(pictures), of(cast)
    assert after["balance_red"] - before["balance_red"] == pytest.approx(np.full(4, 0.2 / 3), abs=1e-5)
    assert after["balance_blue"] - before["balance_blue"] == pytest.approx(np.full(4, -0.1 / 3), abs=1e-5)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_normalised_pictures_are_turned_back(layout):
    """Pictures as a model takes them, once turned back, have the statistics of the pictures."""
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    pictures = torch.from_numpy(drawn((2, 3, 24, 20))) / 255.0
    normalised = (pictures - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    given = normalised.permute(0, 2, 3, 1) if layout == "NHWC" else normalised
    back, wanted = statistics(unnormalised(given, mean, std, layout), layout), statistics(pictures)
    for name in NAMES:
        assert back[name].numpy() == pytest.approx(wanted[name].numpy(), abs=1e-5, rel=1e-4), name


def test_pictures_that_cannot_be_turned_back_are_refused():
    """Too few means, and bytes, which nobody normalised, are errors."""
    with pytest.raises(ValueError, match="one of each per channel"):
        unnormalised(torch.zeros(2, 3, 4, 4), (0.5,), (0.5,))
    with pytest.raises(TypeError, match="only floats"):
        unnormalised(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), (0.5,), (0.5,))


def test_results_are_plain_numbers_without_gradients():
    """Float32 on the device of the batch, no graph kept, and the batch untouched; none come out of no pictures."""
    pictures = torch.rand(2, 3, 10, 10, requires_grad=True)
    before = pictures.detach().clone()
    for value in statistics(pictures).values():
        assert (value.dtype, value.shape, value.requires_grad) == (torch.float32, (2,), False)
    assert torch.equal(pictures.detach(), before)
    assert {value.shape for value in statistics(pictures[:0]).values()} == {(0,)}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_taken(dtype):
    """Half floats give what their own values give in full precision."""
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1)).to(dtype)
    seen, wanted = statistics(pictures), statistics(pictures.float())
    assert all(torch.equal(seen[name], wanted[name]) for name in NAMES)


@pytest.mark.parametrize(
    ("batch", "layout", "error", "words"),
    [
        (torch.zeros(3, 8, 8), "NCHW", ValueError, "one picture as"),
        (torch.zeros(2, 8, 8, 3), "NCHW", ValueError, 'layout="NHWC"'),
        (torch.zeros(2, 4, 8, 8), "NCHW", ValueError, "alpha"),
        (torch.zeros(2, 3, 0, 8), "NCHW", ValueError, "no pixels"),
        (torch.zeros(2, 3, 8, 8), "CHW", ValueError, "NHWC"),
        (torch.zeros(2, 3, 8, 8, dtype=torch.int64), "NCHW", TypeError, "uint8"),
    ],
)
def test_what_is_no_batch_of_pictures_is_refused(batch, layout, error, words):
    """Another shape, layout or type is an error that says what to give instead."""
    with pytest.raises(error, match=words):
        statistics(batch, layout=layout)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use")
def test_a_gpu_gives_what_the_processor_gives():
    """The statistics of a batch on a GPU stay there, and are those of the CPU up to float32."""
    pictures = torch.from_numpy(drawn((8, 3, 65, 90)))
    here, there = statistics(pictures), statistics(pictures.cuda())
    for name in NAMES:
        assert there[name].is_cuda
        assert there[name].cpu().numpy() == pytest.approx(here[name].numpy(), rel=1e-6, abs=1e-7), name
