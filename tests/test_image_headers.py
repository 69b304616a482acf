import struct
import zlib

import cv2
import numpy as np
import pytest

from keras_hourglass.data.images import headers
from keras_hourglass.data.images.headers import Header, read_orientation

EXTENSIONS = [".jpg", ".png", ".webp", ".bmp", ".gif", ".tiff"]


def encoded(shape, extension=".jpg", **options):
    pixels = np.random.default_rng(0).integers(0, 255, shape, "uint8")
    flags = [number for pair in options.items() for number in pair]
    flags = [getattr(cv2, flag) if isinstance(flag, str) else flag for flag in flags]
    return cv2.imencode(extension, pixels, flags)[1].tobytes()


def size(data):
    return headers.read_header(data)[:2]


@pytest.mark.parametrize(
    "options",
    [{}, {"IMWRITE_JPEG_PROGRESSIVE": 1}, {"IMWRITE_JPEG_RST_INTERVAL": 2}],
    ids=["baseline", "progressive", "restarts"],
)
@pytest.mark.parametrize("shape", [(33, 70, 3), (300, 257, 3), (40, 30)])
def test_the_header_of_a_jpeg_says_the_size_that_opencv_decodes(shape, options):
    data = encoded(shape, **options)
    decoded = cv2.imdecode(np.frombuffer(data, "uint8"), cv2.IMREAD_UNCHANGED)
    assert decoded.shape == shape
    channels = shape[2] if len(shape) == 3 else 1
    assert headers.read_header(data) == Header(shape[1], shape[0], 1, channels)


def test_the_header_of_real_images_says_the_size_that_opencv_decodes(shared):
    for path in sorted((shared / "fixtures").glob("*/images/*.jpg")):
        head = headers.read_header(path.read_bytes())
        height, width, _ = cv2.imread(str(path)).shape
        turned = head.orientation > 4
        assert (head.width, head.height)[:: -1 if turned else 1] == (width, height)


@pytest.mark.parametrize("extension", EXTENSIONS[1:])
@pytest.mark.parametrize("shape", [(1, 3, 3), (33, 70, 3), (300, 257, 3)])
def test_the_header_of_every_format_says_the_size_that_was_written(extension, shape):
    data = encoded(shape, extension)
    assert headers.read_header(data) == Header(shape[1], shape[0])


def test_the_three_kinds_of_webp_say_their_size(exif):
    lossy = encoded((33, 70, 3), ".webp", IMWRITE_WEBP_QUALITY=80)
    lossless = encoded((33, 70, 3), ".webp", IMWRITE_WEBP_QUALITY=101)
    assert lossy[12:16] == b"VP8 " and lossless[12:16] == b"VP8L"
    frame = b"VP8X" + struct.pack("<IIHBHB", 10, 8, 69, 0, 32, 0)
    block = b"EXIF" + struct.pack("<I", len(exif(6))) + exif(6)
    body = b"WEBP" + frame + lossy[12:] + block
    extended = b"RIFF" + struct.pack("<I", len(body)) + body
    assert size(lossy) == size(lossless) == (70, 33)
    assert headers.read_header(extended) == Header(70, 33, 6)


def test_a_bmp_may_be_stored_from_the_top_or_be_of_os2():
    data = bytearray(encoded((33, 70, 3), ".bmp"))
    struct.pack_into("<i", data, 22, -33)
    assert size(bytes(data)) == (70, 33)
    assert size(b"BM" + bytes(12) + struct.pack("<IHH", 12, 70, 33)) == (70, 33)


def test_a_tiff_says_its_size_as_it_is_shown():
    def tiff(order, turn):
        entries = [(0x0100, 4, 70), (0x0101, 4, 33)]
        data = {">": b"MM\0*", "<": b"II*\0"}[order] + struct.pack(order + "IH", 8, 3)
        for tag, kind, value in entries:
            data += struct.pack(order + "HHII", tag, kind, 1, value)
        return data + struct.pack(order + "HHIHH", 0x0112, 3, 1, turn, 0)

    for order in "<>":
        for turn in range(1, 9):
            expected = (33, 70) if turn > 4 else (70, 33)
            assert headers.read_header(tiff(order, turn)) == Header(*expected)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_the_orientation_is_what_exif_says_in_both_byte_orders(
    turn, order, exif, with_exif
):
    block = exif(turn, order)
    jpeg = with_exif(encoded((20, 30, 3)), block)
    assert headers.read_header(jpeg) == Header(30, 20, turn, 3)
    png = encoded((20, 30, 3), ".png")
    chunk = struct.pack(">I4s", len(block), b"eXIf") + block
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    assert headers.read_header(png[:33] + chunk + png[33:]) == Header(30, 20, turn)


@pytest.mark.parametrize("block", [b"", b"MM\0*\xff\xff", b"what", b"II*\0\xff\0\0\0"])
def test_without_a_usable_orientation_an_image_is_as_it_is(block, with_exif, exif):
    assert headers.read_header(with_exif(encoded((20, 30, 3)), block)).orientation == 1
    for useless in (exif(0), exif(9), exif(6, tag=0x0113)):
        assert read_orientation(useless) == 1


def test_comments_and_fill_bytes_are_passed_over(exif, with_exif):
    comment = b"\xff\xfe" + struct.pack(">H", 7) + b"\xff\xc0\xff\xd9!"
    data = with_exif(encoded((20, 30, 3)), exif(6))
    odd = data[:2] + comment + b"\xff\xff\x01" + b"between" + data[2:]
    assert headers.read_header(odd) == Header(30, 20, 6, 3)


def test_a_jpeg_without_its_end_is_refused_wherever_it_is_cut(exif, with_exif):
    thumbnail = encoded((8, 8, 3))  # with an end of its own
    data = with_exif(encoded((20, 30, 3)), exif(1) + thumbnail)
    for end in range(len(data) - 1):
        with pytest.raises(ValueError, match="truncated|has no size|not a JPEG"):
            headers.read_header(data[:end])
    assert headers.read_header(data + b"what cameras append") == Header(30, 20, 1, 3)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_file_that_ends_within_its_header_is_refused(extension):
    data = encoded((20, 30, 3), extension)
    for end in range(10):
        with pytest.raises(ValueError):
            headers.read_header(data[:end])


@pytest.mark.parametrize("data", [b"", bytes(100), b"no image", b"\0\0\0\x18ftyp"])
def test_other_files_are_refused_with_the_list_of_formats(data):
    with pytest.raises(ValueError, match="not a JPEG, PNG, .* HEIC or AVIF"):
        headers.read_header(data)


def test_a_jpeg_of_scans_without_number_is_refused_before_it_takes_hours():
    flat = np.zeros((16, 16, 3), "uint8")
    data = cv2.imencode(".jpg", flat, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    assert headers.read_header(data) == Header(16, 16, 1, 3)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert len(last) < 20
    with pytest.raises(ValueError, match="it has 10,0.. scans, at most 100 are"):
        headers.read_header(data[:-2] + 10_000 * last + data[-2:])
