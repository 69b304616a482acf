import cv2
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.geometry import Window

SIZE = (163, 109)  # neither side a multiple of 2 or of 8
PLACE = (90.3, 51.8)


@pytest.fixture
def encoded(exif, with_exif):
    """Makes a file: (pixels, extension, orientation) -> its bytes."""

    def encode(pixels, extension=".jpg", orientation=1):
        flags = [cv2.IMWRITE_JPEG_QUALITY, 98] if extension == ".jpg" else []
        data = cv2.imencode(extension, pixels[..., ::-1], flags)[1].tobytes()
        return data if orientation == 1 else with_exif(data, exif(orientation))

    return encode


def on_the_image(region, point):
    return region.place.to_image(np.array([point]), region.size)[0]


def test_pixels_come_as_red_green_and_blue(encoded):
    pixels = np.full((20, 30, 3), (200, 100, 50), "uint8")
    region = decoding.read_region("a", encoded(pixels))
    assert region.size == (30, 20)
    np.testing.assert_allclose(region.pixels, pixels, atol=3)


def test_a_gray_image_has_three_equal_channels(tmp_path):
    gray = np.tile(np.arange(0, 240, 8, dtype="uint8"), (20, 1))
    path = tmp_path / "gray.jpg"
    cv2.imwrite(str(path), gray)
    pixels = decoding.read_region(path).pixels
    assert pixels.shape == (20, 30, 3)
    np.testing.assert_allclose(pixels, np.repeat(gray[..., None], 3, 2), atol=5)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_its_exif_tag_says(encoded, as_stored, orientation):
    random = np.random.default_rng(0)
    shown = cv2.resize(random.integers(0, 255, (4, 6, 3), "uint8"), (60, 40))
    data = encoded(as_stored(shown, orientation), orientation=orientation)
    region = decoding.read_region("a", data)
    assert region.size == (60, 40)
    assert np.abs(region.pixels.astype(int) - shown).mean() < 4


@pytest.mark.parametrize("reduction", [1, 2, 4])
@pytest.mark.parametrize("extension", [".jpg", ".png"])
def test_a_dot_lies_at_the_same_place_at_any_reduction(
    dotted, found, encoded, extension, reduction
):
    data = encoded(dotted(PLACE, SIZE, 6), extension)
    region = decoding.read_region("a", data, reduction)
    place = on_the_image(region, found(region.pixels))
    np.testing.assert_allclose(place, PLACE, atol=0.1)


@pytest.mark.parametrize("reduction", [2, 4])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_dot_of_a_turned_image_lies_at_the_same_place_at_any_reduction(
    dotted, found, encoded, as_stored, orientation, reduction
):
    shown = dotted(PLACE, SIZE, 6)
    data = encoded(as_stored(shown, orientation), orientation=orientation)
    region = decoding.read_region("a", data, reduction)
    place = on_the_image(region, found(region.pixels))
    np.testing.assert_allclose(place, PLACE, atol=0.1)


@pytest.mark.parametrize("reduction", [2, 4])
def test_a_large_jpeg_is_read_at_the_requested_size(encoded, reduction):
    region = decoding.read_region(
        "a", encoded(np.zeros((96, 160, 3), "uint8")), reduction
    )
    assert region.size == (160 // reduction, 96 // reduction)


@pytest.mark.parametrize(
    "side, expected",
    [(1000, 4), (256, 4), (250, 2), (128, 2), (120, 1), (10, 1)],
)
def test_an_image_is_reduced_while_each_pixel_of_the_grid_has_one_of_its_own(
    side, expected
):
    window = Window.from_center(np.zeros(2), np.float64(side), (48, 64)).turned(0.4)
    assert decoding.choose_reduction(window, (48, 64)) == expected


@pytest.mark.parametrize("kind", ["empty", "text", "half"])
@pytest.mark.parametrize("extension", [".jpg", ".png"])
def test_a_broken_file_is_refused_by_its_name(
    tmp_path, dotted, encoded, extension, kind
):
    whole = encoded(dotted(PLACE, SIZE, 6), extension)
    broken = {"empty": b"", "text": b"no image", "half": whole[: len(whole) // 2]}
    path = tmp_path / f"broken{extension}"
    path.write_bytes(broken[kind])
    with pytest.raises(ImageDecodeError, match=f"broken{extension} cannot"):
        decoding.read_region(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.jpg"):
        decoding.read_region(tmp_path / "nowhere.jpg")


def test_pixels_of_a_box_lie_where_the_box_begins():
    region = decoding.region_of_box(np.zeros((20, 30, 3), "uint8"), (7, 9, 30, 20))
    np.testing.assert_allclose(on_the_image(region, (0, 0)), (7, 9))
    np.testing.assert_allclose(on_the_image(region, (29, 19)), (36, 28))
    assert region.size == (30, 20)


def test_read_image_gives_upright_pixels_of_a_path_and_of_bytes(
    tmp_path, encoded, as_stored
):
    shown = cv2.resize(np.arange(72, dtype="uint8").reshape(4, 6, 3) * 3, (60, 40))
    data = encoded(as_stored(shown, 6), orientation=6)
    (tmp_path / "a.jpg").write_bytes(data)
    for source in (tmp_path / "a.jpg", str(tmp_path / "a.jpg"), data, bytearray(data)):
        image = kh.read_image(source)
        assert image.dtype == np.uint8 and image.shape == (40, 60, 3)
        assert np.abs(image.astype(int) - shown).mean() < 4


def test_read_image_refuses_other_data_and_missing_files(tmp_path):
    with pytest.raises(ImageDecodeError, match="the given data cannot be read as an"):
        kh.read_image(b"text")
    with pytest.raises(FileNotFoundError, match="nowhere.jpg"):
        kh.read_image(tmp_path / "nowhere.jpg")
