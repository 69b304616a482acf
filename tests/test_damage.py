import cv2
import numpy as np
import pytest

from keras_hourglass.data.images.decoding import read_image
from keras_hourglass.data.images.safety import ImageDecodeError, require_complete_jpeg

END = b"\xff\xd9"


@pytest.fixture(scope="module")
def noisy():
    pixels = np.random.default_rng(0).integers(0, 255, (83, 131, 3), "uint8")
    return cv2.imencode(".jpg", pixels)[1].tobytes()


@pytest.mark.parametrize("reduction", [1, 2, 4])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_jpeg_that_was_cut_is_refused_even_where_an_end_was_put_to_it(
    noisy, share, reduction
):
    cut = noisy[: int(share * len(noisy))]
    with pytest.raises(ImageDecodeError, match="a cannot .* lost its end"):
        read_image("a", cut, reduction)
    with pytest.raises(
        ImageDecodeError, match="a cannot .* data end before its pixels"
    ):
        read_image("a", cut + END, reduction)
    with pytest.raises(ImageDecodeError, match="data end before"):
        read_image("a", cut + END + b"what cameras append", reduction)


@pytest.mark.parametrize("shape", [(64, 96, 3), (61, 93, 3), (61, 93)])
def test_a_picture_that_ends_gray_is_whole(shape):
    pixels = np.random.default_rng(0).integers(0, 255, shape, "uint8")
    pixels[-24:] = 128
    data = cv2.imencode(".jpg", pixels)[1].tobytes()
    region = read_image("a", data)
    assert region.pixels[-1, -1].tolist() == [128] * 3


def test_a_part_that_the_data_reach_is_not_looked_at(noisy):
    part = np.zeros((8, 8, 3), "uint8")
    assert require_complete_jpeg("a", b"no JPEG at all", part) is part
