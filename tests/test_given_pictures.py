import io

import cv2
import numpy as np
import pytest

from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.inference.images import is_single, iterate, to_region

GRAY = np.random.default_rng(0).integers(0, 256, (12, 16), "uint8")
COLOURS = np.random.default_rng(1).integers(0, 256, (12, 16, 3), "uint8")
CLEAR = np.concatenate([COLOURS, GRAY[..., None]], axis=-1)


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "colours.png"
    cv2.imwrite(str(path), COLOURS[..., ::-1])
    return path


def test_files_and_their_bytes_are_the_same_picture(png):
    data = png.read_bytes()
    for given in [png, str(png), data, bytearray(data), memoryview(data)]:
        assert is_single(given)
        np.testing.assert_array_equal(to_region(given).pixels, COLOURS)
    with open(png, "rb") as file:
        np.testing.assert_array_equal(to_region(file).pixels, COLOURS)
    np.testing.assert_array_equal(to_region(io.BytesIO(data)).pixels, COLOURS)


@pytest.mark.parametrize(
    "given, expected",
    [
        (COLOURS, COLOURS),
        (COLOURS[::-1, ::-1], COLOURS[::-1, ::-1]),  # a view, with steps back
        (CLEAR, COLOURS),
        (GRAY, np.repeat(GRAY[..., None], 3, -1)),
        (GRAY[..., None], np.repeat(GRAY[..., None], 3, -1)),
    ],
    ids=["colours", "turned", "transparent", "gray", "gray with an axis"],
)
def test_arrays_of_one_obvious_meaning_are_pictures(given, expected):
    assert is_single(given)
    np.testing.assert_array_equal(to_region(given).pixels, expected)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_images_of_pil_are_what_pil_makes_of_them_in_colours(mode):
    image = pytest.importorskip("PIL.Image").fromarray(COLOURS).convert(mode)
    assert is_single(image)
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(to_region(image).pixels, expected)


def test_what_has_no_one_meaning_is_refused_and_said():
    image = pytest.importorskip("PIL.Image").new("I;16", (4, 3))
    for given, says in [
        (COLOURS / 255, "float64"),
        (COLOURS.astype("uint16"), "uint16"),
        (COLOURS.transpose(2, 0, 1), "3, 12, 16"),
        (COLOURS[..., :2], "12, 16, 2"),
        (np.zeros((0, 4, 3), "uint8"), "without a pixel"),
        (image, "I;16"),
        (None, "object"),
        (7, "int64"),
    ]:
        with pytest.raises(ValueError, match=f"picture 5: `pictures` must.*{says}"):
            to_region(given, "picture 5")


def test_bytes_that_are_no_picture_are_named_by_their_place():
    with pytest.raises(ImageDecodeError, match="^picture 5 cannot be read"):
        to_region(b"no picture", "picture 5")


def test_several_pictures_come_one_by_one_and_those_of_batches_too(png):
    batch = np.stack([COLOURS, COLOURS[::-1]])
    for several in [[png], batch, np.array([str(png)]), iter([batch]), (png,)]:
        assert not is_single(several)
    listed = [*iterate(iter([COLOURS, batch, str(png)]))]
    assert len(listed) == 4 and listed[3] == str(png)
    np.testing.assert_array_equal(listed[2], COLOURS[::-1])
