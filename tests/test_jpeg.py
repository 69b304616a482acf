import struct

import cv2
import numpy as np
import pytest

from keras_hourglass.data.jpeg import Header, header


def encoded(shape, extension=".jpg", **options):
    pixels = np.random.default_rng(0).integers(0, 255, shape, "uint8")
    flags = [number for pair in options.items() for number in pair]
    flags = [getattr(cv2, flag) if isinstance(flag, str) else flag for flag in flags]
    return cv2.imencode(extension, pixels, flags)[1].tobytes()


def exif(orientation, order=">", tag=0x0112):
    """An EXIF segment with one entry before the tag, by CIPA DC-008."""
    entries = [(0x010F, 2, 4, 0x4142), (tag, 3, 1, orientation)]
    body = {">": b"MM", "<": b"II"}[order] + struct.pack(order + "HIH", 42, 8, 2)
    for name, kind, count, value in entries:
        body += struct.pack(order + "HHIHH", name, kind, count, value, 0)
    body = b"Exif\0\0" + body + struct.pack(order + "I", 0)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def with_segments(data, *segments):
    return data[:2] + b"".join(segments) + data[2:]


@pytest.mark.parametrize(
    "options",
    [{}, {"IMWRITE_JPEG_PROGRESSIVE": 1}, {"IMWRITE_JPEG_RST_INTERVAL": 2}],
    ids=["baseline", "progressive", "restarts"],
)
@pytest.mark.parametrize("shape", [(33, 70, 3), (300, 257, 3), (40, 30)])
def test_the_header_says_the_size_that_opencv_decodes(shape, options):
    data = encoded(shape, **options)
    decoded = cv2.imdecode(np.frombuffer(data, "uint8"), cv2.IMREAD_UNCHANGED)
    assert decoded.shape == shape
    channels = shape[2] if len(shape) == 3 else 1
    assert header(data) == Header(shape[1], shape[0], channels, 1)


def test_the_header_of_real_pictures_says_the_size_that_opencv_decodes(shared):
    for path in sorted((shared / "fixtures").glob("*/images/*.jpg")):
        head = header(path.read_bytes())
        height, width, _ = cv2.imread(str(path)).shape
        turned = head.orientation > 4
        assert (head.width, head.height)[:: -1 if turned else 1] == (width, height)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_what_exif_says_in_both_byte_orders(orientation, order):
    data = with_segments(encoded((20, 30, 3)), exif(orientation, order))
    assert header(data) == Header(30, 20, 3, orientation)


@pytest.mark.parametrize(
    "segment",
    [
        *(exif(0), exif(9), exif(6, tag=0x0113), b"\xff\xe1\0\x08Exif\0\0"),
        *(b"\xff\xe1\0\x0eExif\0\0MM\0*\xff\xff", b"\xff\xe1\0\x0cExif\0\0what"),
    ],
    ids=["0", "9", "another tag", "empty", "beyond", "no order"],
)
def test_without_a_usable_orientation_a_picture_is_as_it_is(segment):
    assert header(with_segments(encoded((20, 30, 3)), segment)).orientation == 1


def test_comments_and_fill_bytes_are_passed_over():
    comment = b"\xff\xfe" + struct.pack(">H", 7) + b"\xff\xc0\xff\xd9!"
    data = with_segments(encoded((20, 30, 3)), comment, b"\xff\xff", exif(6))
    assert header(data) == Header(30, 20, 3, 6)


def test_a_file_that_ends_before_its_size_has_no_header():
    data = encoded((20, 30, 3))
    start = data.index(b"\xff\xc0")
    assert all(header(data[:end]) is None for end in range(start + 10))
    assert header(data[: start + 19]) == Header(30, 20, 3, 1)


def test_other_formats_have_no_header():
    assert header(encoded((20, 30, 3), ".png")) is None
    assert header(b"") is None
    assert header(bytes(100)) is None
