import os
import struct

import cv2
import numpy as np
import pytest

from keras_hourglass.data.images import decoding, safety
from keras_hourglass.data.images.safety import (
    ImageDecodeError,
    read_bytes,
    read_checked_header,
    require_complete_jpeg,
)

# Format -> where its size lies, and how it is written there: width, height.
SIZES = {
    ".png": (16, ">II"),
    ".bmp": (18, "<ii"),
    ".gif": (6, "<HH"),
    ".webp": (26, "<HH"),
}


def sized(extension, width, height):
    """A small image whose header claims another size."""
    small = cv2.imencode(extension, np.zeros((16, 16, 3), "uint8"))[1].tobytes()
    data = bytearray(small)
    if extension == ".jpg":
        struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    elif extension == ".tiff":
        (start,) = struct.unpack_from("<I", data, 4)
        for place, length in ((start + 2, width), (start + 14, height)):
            struct.pack_into("<HII", data, place + 2, 4, 1, length)
    else:
        place, numbers = SIZES[extension]
        if small[12:16] == b"VP8L":
            struct.pack_into("<I", data, 21, width - 1 | height - 1 << 14)
        else:
            struct.pack_into(numbers, data, place, width, height)
    return bytes(data)


@pytest.mark.parametrize("extension", [".jpg", ".png", ".bmp", ".gif", ".tiff"])
def test_an_image_that_claims_a_huge_size_is_refused_before_it_is_decoded(
    extension, monkeypatch
):
    monkeypatch.setattr(cv2, "imdecode", None)  # is not reached
    with pytest.raises(ImageDecodeError, match="a.x .* 60000 x 60000 .* 134,217,728"):
        decoding.read_region("a.x", sized(extension, 60000, 60000))


def test_the_limit_lies_below_that_of_opencv_and_every_format_has_it():
    assert safety.MAX_PIXELS < 2**30
    side = int(safety.MAX_PIXELS**0.5)
    for extension in (".jpg", ".png", ".webp", ".bmp", ".gif", ".tiff"):
        assert read_checked_header("a", sized(extension, side, side)).width == side
        with pytest.raises(ImageDecodeError, match=f"{side + 1} x {side + 1}"):
            read_checked_header("a", sized(extension, side + 1, side + 1))


@pytest.mark.parametrize("size", [(0, 16), (16, 0)])
@pytest.mark.parametrize("extension", [".jpg", ".png", ".bmp", ".gif", ".tiff"])
def test_an_image_without_pixels_is_refused(extension, size):
    with pytest.raises(ImageDecodeError, match=" x ".join(map(str, size))):
        read_checked_header("a", sized(extension, *size))


def test_the_bytes_of_a_file_with_any_name_are_read(tmp_path):
    for name in ("größe 日本.jpg", " a ", "new\nline", "x" * 250):
        (tmp_path / name).write_bytes(b"\0what\xff")
        assert read_bytes(str(tmp_path / name)) == b"\0what\xff"


def test_folders_and_pipes_are_refused_at_once(tmp_path):
    with pytest.raises(ImageDecodeError, match=f"{tmp_path.name} .* not a regular"):
        read_bytes(tmp_path)
    os.mkfifo(tmp_path / "pipe")  # whose reader waits for a writer
    with pytest.raises(ImageDecodeError, match="pipe .* not a regular file"):
        read_bytes(tmp_path / "pipe")
    with pytest.raises(ImageDecodeError, match=r"'a\\x00b' .* null"):
        read_bytes("a\0b")
    with pytest.raises(OSError, match="nowhere"):
        read_bytes(tmp_path / "nowhere")
    with pytest.raises(OSError, match="name too long"):
        read_bytes(tmp_path / ("x" * 300))


def test_a_file_of_any_length_is_not_read_into_memory(tmp_path):
    with open(tmp_path / "long.jpg", "wb") as file:
        file.truncate(2**40)  # takes no space on the disk
    with pytest.raises(ImageDecodeError, match="1,099,511,627,776 bytes, at most"):
        read_bytes(tmp_path / "long.jpg")


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
    with pytest.raises(ImageDecodeError, match="a cannot .* truncated: the end-of"):
        decoding.read_region("a", cut, reduction)
    with pytest.raises(
        ImageDecodeError, match="a cannot .* truncated: its data end before"
    ):
        decoding.read_region("a", cut + END, reduction)
    with pytest.raises(ImageDecodeError, match="truncated: its data end"):
        decoding.read_region("a", cut + END + b"what cameras append", reduction)


@pytest.mark.parametrize("shape", [(64, 96, 3), (61, 93, 3), (61, 93)])
def test_an_image_that_ends_gray_is_whole(shape):
    pixels = np.random.default_rng(0).integers(0, 255, shape, "uint8")
    pixels[-24:] = 128
    data = cv2.imencode(".jpg", pixels)[1].tobytes()
    region = decoding.read_region("a", data)
    assert region.pixels[-1, -1].tolist() == [128] * 3


def test_a_complete_part_is_not_decoded_again(noisy):
    part = np.zeros((8, 8, 3), "uint8")
    assert require_complete_jpeg("a", b"no JPEG at all", part) is part
