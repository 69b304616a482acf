"""Input images of every kind."""

import io

import cv2
import numpy as np
import pytest

from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.inference.sources.images import is_single, iterate, to_region

GRAY = np.random.default_rng(0).integers(0, 256, (12, 16), "uint8")
COLORS = np.random.default_rng(1).integers(0, 256, (12, 16, 3), "uint8")
CLEAR = np.concatenate([COLORS, GRAY[..., None]], axis=-1)


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "colors.png"
    cv2.imwrite(str(path), COLORS[..., ::-1])
    return path


def test_a_file_and_its_bytes_are_the_same_image(png):
    data = png.read_bytes()
    for given in [png, str(png), data, bytearray(data), memoryview(data)]:
        assert is_single(given)
        np.testing.assert_array_equal(to_region(given).pixels, COLORS)
    with open(png, "rb") as file:
        np.testing.assert_array_equal(to_region(file).pixels, COLORS)
    np.testing.assert_array_equal(to_region(io.BytesIO(data)).pixels, COLORS)


@pytest.mark.parametrize(
    "given, expected",
    [
        (COLORS, COLORS),
        (COLORS[::-1, ::-1], COLORS[::-1, ::-1]),  # a view, with steps back
        (CLEAR, COLORS),
        (GRAY, np.repeat(GRAY[..., None], 3, -1)),
        (GRAY[..., None], np.repeat(GRAY[..., None], 3, -1)),
    ],
    ids=["colors", "turned", "transparent", "gray", "gray with an axis"],
)
def test_arrays_of_unambiguous_shape_are_images(given, expected):
    assert is_single(given)
    np.testing.assert_array_equal(to_region(given).pixels, expected)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_images_of_pil_are_converted_to_rgb_as_pil_does(mode):
    image = pytest.importorskip("PIL.Image").fromarray(COLORS).convert(mode)
    assert is_single(image)
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(to_region(image).pixels, expected)


def test_ambiguous_images_raise_an_error_that_shows_them():
    image = pytest.importorskip("PIL.Image").new("F", (4, 3))
    for given, says in [
        (COLORS / 255, "float64"),
        (COLORS.astype("int16"), "int16"),
        (COLORS.transpose(2, 0, 1), "3, 12, 16"),
        (COLORS[..., :2], "12, 16, 2"),
        (np.zeros((0, 4, 3), "uint8"), "without a pixel"),
        (image, "mode 'F'"),
        (image.convert("I").point(lambda value: value - 1), "mode 'I'"),
        (None, "object"),
        (7, "int64"),
    ]:
        with pytest.raises(ValueError, match=f"image 5: `images` must.*{says}"):
            to_region(given, "image 5")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_pil_image_is_turned_like_its_file(exif, with_exif, orientation):
    pil = pytest.importorskip("PIL.Image")
    stored = cv2.resize(COLORS, (64, 40), interpolation=cv2.INTER_NEAREST)
    data = cv2.imencode(".jpg", stored[..., ::-1])[1].tobytes()
    data = with_exif(data, exif(orientation))
    image = pil.open(io.BytesIO(data))
    expected = to_region(data).pixels
    found = to_region(image).pixels
    assert found.shape == expected.shape
    assert found.shape == ((64, 40, 3) if orientation > 4 else (40, 64, 3))
    assert np.abs(found.astype(int) - expected).mean() < 2
    unturned = to_region(image, exif=False).pixels
    np.testing.assert_array_equal(unturned, np.asarray(image))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "I;16"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_a_turned_tiff_opened_by_pil_is_its_file(mode, compression, tmp_path):
    pil, path = pytest.importorskip("PIL.Image"), tmp_path / "scan.tiff"
    deep = GRAY.astype("uint16") << 8
    image = pil.fromarray(deep if mode == "I;16" else COLORS)
    image = image if mode == "I;16" else image.convert(mode)
    exif = pil.Exif()
    exif[0x0112] = 6
    image.save(path, exif=exif, compression=compression)
    opened = pil.open(path)
    pixels = to_region(opened).pixels
    assert pixels.shape == (16, 12, 3) and opened.filename
    np.testing.assert_allclose(pixels, to_region(path).pixels, atol=1)


def test_bytes_that_are_not_an_image_are_named_by_their_index():
    with pytest.raises(ImageDecodeError, match="^image 5 cannot be read"):
        to_region(b"not an image", "image 5")


@pytest.mark.parametrize("given", [None, 3])
def test_what_is_neither_an_image_nor_several_is_refused(given):
    with pytest.raises(ValueError, match=f"`images` must be .*images={given}"):
        [*iterate(given)]


def test_several_images_and_batches_are_iterated_one_by_one(png):
    batch = np.stack([COLORS, COLORS[::-1]])
    for several in [[png], batch, np.array([str(png)]), iter([batch]), (png,)]:
        assert not is_single(several)
    listed = [*iterate(iter([COLORS, batch, str(png)]))]
    assert len(listed) == 4 and listed[3] == str(png)
    np.testing.assert_array_equal(listed[2], COLORS[::-1])
