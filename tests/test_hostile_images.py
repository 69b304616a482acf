"""Odd and hostile images are read upright and complete, or refused, by both readers.

One reads with OpenCV, the other only the window, with TensorFlow.
"""

import struct
from zlib import compress, crc32

import cv2
import numpy as np
import pytest

from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.pipeline.loader import read_reduced
from keras_hourglass.geometry import Window

GRID = (96, 128)
SIZE, PLACE = (811, 605), np.array([512.3, 201.7])  # no side a multiple of 2


@pytest.fixture(params=["opencv", "tensorflow"])
def read(request):
    """Reads what is under a window: (path, window, size of the grid) -> `Region`."""
    if request.param == "opencv":
        return read_reduced
    pytest.importorskip("tensorflow")
    from keras_hourglass.data.pipeline import tf_data

    return tf_data.read_window


@pytest.fixture
def file(tmp_path):
    """Writes bytes, or pixels (BGR) as a file of a format -> its path."""

    def write(given, name="a.jpg", flags=()):
        if isinstance(given, np.ndarray):
            extension = name[name.rindex(".") :]
            given = cv2.imencode(extension, given, flags)[1].tobytes()
        (tmp_path / name).write_bytes(given)
        return str(tmp_path / name)

    return write


def window(side=150, center=PLACE):
    return Window.from_center(np.asarray(center, float), np.float64(side), GRID)


def flat_jpeg(values, transform):
    """A JPEG of one block, each channel of one value, by ITU-T T.81 and Adobe's note.

    Quantization by 8 makes the first coefficient the value; nothing follows it.
    """

    def segment(marker, body):
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    count = len(values)
    bits = ""
    for value in values:
        size = abs(value - 128).bit_length()
        number = value - 128 if value >= 128 else value - 128 + 2**size - 1
        bits += f"{size:04b}" + (f"{number:0{size}b}" if size else "") + "0"
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\0")
    lengths = {0x00: (4, bytes(range(12))), 0x10: (1, b"\0")}  # codes of four bits; one
    tables = b"".join(
        segment(
            0xC4,
            bytes([kind]) + bytes(len(v) * (i == n) for i in range(1, 17)) + v,
        )
        for kind, (n, v) in lengths.items()
    )
    frame = struct.pack(">BHHB", 8, 8, 8, count)
    frame += b"".join(bytes([i, 0x11, 0]) for i in range(count))
    scan = bytes([count]) + b"".join(bytes([i, 0]) for i in range(count)) + b"\0\x3f\0"
    adobe = b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)
    return (
        *(b"\xff\xd8", segment(0xEE, adobe), segment(0xDB, b"\0" + b"\x08" * 64)),
        *(segment(0xC0, frame), tables, segment(0xDA, scan), data, b"\xff\xd9"),
    )


@pytest.mark.parametrize("side", [150, 380, 900])  # reads it whole, at 1/2, 1/4
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_dot_lies_where_it_is_shown_however_the_image_is_turned(
    turn, side, read, file, dotted, found, as_stored, exif, with_exif
):
    pixels = as_stored(dotted(PLACE, SIZE, 9), turn)
    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
    region = read(file(with_exif(data, exif(turn))), window(side), GRID)
    place = region.place.to_image(found(region.pixels)[None], region.size)[0]
    np.testing.assert_allclose(place, PLACE, atol=0.1)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
def test_a_dot_of_another_format_lies_where_it_is_shown(
    name, turn, read, file, dotted, found, as_stored, exif
):
    pixels = as_stored(dotted(PLACE, SIZE, 9), turn)
    data = cv2.imencode(".png", pixels)[1].tobytes()
    data = data[:33] + chunked((b"eXIf", exif(turn))) + data[33:]
    if name == "a.tiff":
        data = tiff(pixels, turn)
    region = read(file(data, name), window(), GRID)
    assert region.size == SIZE
    place = region.place.to_image(found(region.pixels)[None], region.size)[0]
    np.testing.assert_allclose(place, PLACE, atol=0.1)


def tiff(pixels, turn):
    """An uncompressed TIFF, by Adobe's TIFF 6.0, section 6."""
    height, width, _ = pixels.shape
    entries = [(0x100, width), (0x101, height), (0x102, 8), (0x103, 1), (0x106, 2)]
    entries += [(0x111, 8 + 2 + 12 * 10 + 4), (0x112, turn), (0x115, 3)]
    entries += [(0x116, height), (0x117, pixels.size)]
    listed = b"".join(struct.pack("<HHII", tag, 4, 1, n) for tag, n in entries)
    return b"II*\0" + struct.pack("<IH", 8, 10) + listed + bytes(4) + pixels.tobytes()


@pytest.mark.parametrize(
    "block",
    [
        *(b"", b"MM", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"what"),
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0",
    ],
)
def test_a_wrong_exif_block_leaves_an_image_as_it_is(
    block, read, file, dotted, found, with_exif
):
    data = cv2.imencode(".jpg", dotted(PLACE, SIZE, 9))[1].tobytes()
    region = read(file(with_exif(data, block)), window(), GRID)
    place = region.place.to_image(found(region.pixels)[None], region.size)[0]
    np.testing.assert_allclose(place, PLACE, atol=0.1)


@pytest.mark.parametrize("side", [150, 380, 900])
@pytest.mark.parametrize("kind", ["progressive", "gray", "restarts"])
def test_other_kinds_of_jpeg_lie_in_the_same_place(
    kind, side, read, file, dotted, found
):
    pixels = dotted(PLACE, SIZE, 9)
    flags = {"progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], "gray": []}
    flags["restarts"] = [cv2.IMWRITE_JPEG_RST_INTERVAL, 3]
    shape = pixels[..., 0] if kind == "gray" else pixels
    region = read(file(shape, flags=flags[kind]), window(side), GRID)
    assert region.pixels.shape[2] == 3
    place = region.place.to_image(found(region.pixels)[None], region.size)[0]
    np.testing.assert_allclose(place, PLACE, atol=0.1)


def test_cmyk_and_ycck_are_shown_as_adobe_means_them(read, file):
    cmyk = b"".join(flat_jpeg((200, 100, 50, 255), 0))  # inverted: 255 is no ink
    region = read(file(cmyk), window(8, (4, 4)), (8, 8))
    np.testing.assert_allclose(
        region.pixels, np.full((8, 8, 3), (200, 100, 50)), atol=2
    )
    ycck = b"".join(flat_jpeg((100, 128, 128, 255), 2))
    region = read(file(ycck), window(8, (4, 4)), (8, 8))
    np.testing.assert_allclose(region.pixels, 155, atol=2)


def test_sixteen_bits_palettes_and_transparency_become_three_times_eight(read, file):
    color = np.full((40, 60, 3), (50, 100, 200), "uint8")  # blue, green, red
    kinds = {
        "16.png": color.astype("uint16") * 257,
        "16.tiff": color.astype("uint16") * 257,
        "alpha.png": np.dstack([color, np.zeros((40, 60), "uint8")]),
        "alpha.tiff": np.dstack([color, np.full((40, 60), 7, "uint8")]),
        "lossless.webp": color,
        "plain.bmp": color,
    }
    for name, pixels in kinds.items():
        flags = [cv2.IMWRITE_WEBP_QUALITY, 101] if name.endswith("webp") else []
        region = read(file(pixels, name, flags), window(30, (30, 20)), GRID)
        assert region.pixels.shape == (40, 60, 3), name
        assert region.pixels[9, 9].tolist() == [200, 100, 50], name
    palette = chunked((b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 3, 0, 0, 0)))
    palette += chunked((b"PLTE", bytes((9, 9, 9, 200, 100, 50))), (b"tRNS", b"\0\0"))
    palette += chunked((b"IDAT", compress(8 * (b"\0" + b"\1" * 8))), (b"IEND", b""))
    region = read(file(b"\x89PNG\r\n\x1a\n" + palette), window(8, (4, 4)), GRID)
    assert (region.pixels == (200, 100, 50)).all() and region.size == (8, 8)


def chunked(*parts):
    return b"".join(
        struct.pack(">I", len(body))
        + (name + body)
        + struct.pack(">I", crc32(name + body))
        for name, body in parts
    )


@pytest.mark.parametrize("extension", [".gif", ".png", ".webp"])
def test_of_an_animation_the_first_frame_is_read(extension, read, file):
    animation = cv2.Animation()
    animation.frames = [np.full((40, 60, 3), v, "uint8") for v in (250, 120, 0)]
    animation.durations = [100] * 3
    data = cv2.imencodeanimation(extension, animation)[1].tobytes()
    region = read(file(data, "a" + extension), window(30, (30, 20)), GRID)
    assert region.size == (60, 40) and np.median(region.pixels) > 240


@pytest.mark.parametrize("name", ["größe 日本.png", "no extension", "a.txt", " b .gif"])
def test_a_name_does_not_decide_the_format(name, read, file):
    data = cv2.imencode(".jpg", np.full((40, 60, 3), 90, "uint8"))[1].tobytes()
    region = read(file(data, name), window(30, (30, 20)), GRID)
    assert np.abs(region.pixels.astype(int) - 90).max() < 3


def broken():
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), "uint8")
    whole = {e: cv2.imencode(e, noise)[1].tobytes() for e in FORMATS}
    yield from {
        "empty": b"",
        "text": b"no image",
        "page": b"<html>Not found</html>",
        "zeros": bytes(10**5),
        "marker alone": b"\xff\xd8\xff\xd9",
        "cut below the window": whole[".jpg"][: int(0.9 * len(whole[".jpg"]))],
        "cut, with an end": whole[".jpg"][: len(whole[".jpg"]) // 9] + b"\xff\xd9",
    }.items()
    for extension, data in whole.items():
        yield f"half a {extension}", data[: len(data) // 2]


FORMATS = (".jpg", ".png", ".webp", ".bmp", ".gif", ".tiff")
BROKEN = dict(broken())


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_damaged_file_is_refused_by_its_name_never_read_in_part(data, read, file):
    with pytest.raises(ImageDecodeError, match="a.jpg cannot be read as an image: "):
        read(file(data), window(60, (100, 60)), GRID)


def test_a_folder_in_place_of_an_image_is_refused(read, tmp_path):
    with pytest.raises(ImageDecodeError, match="not a regular file"):
        read(str(tmp_path), window(), GRID)


def test_a_jpeg_bomb_is_refused_before_it_is_decoded(read, file):
    data = bytearray(b"".join(flat_jpeg((1, 2, 3), 1)))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, 60000, 60000)
    with pytest.raises(ImageDecodeError, match="60000 x 60000 pixels, .* at most"):
        read(file(bytes(data)), window(), GRID)


def test_reading_takes_no_more_pixels_than_the_header_says(file, monkeypatch):
    data = cv2.imencode(".png", np.zeros((40, 60, 3), "uint8"))[1].tobytes()
    monkeypatch.setattr(cv2, "imdecode", lambda *args: np.zeros((40, 61, 3), "uint8"))
    with pytest.raises(ImageDecodeError, match="damaged, or of a kind that OpenCV"):
        decoding.read_region(file(data))
