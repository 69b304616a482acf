"""Bit depth: one rule for files, PIL images and arrays."""

import io
import logging

import cv2
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.images import depth
from keras_hourglass.data.images.decoding import read_region
from keras_hourglass.data.images.depth import depth_of, to_8_bit
from keras_hourglass.inference.sources.images import to_region

GRAY = np.random.default_rng(0).integers(0, 256, (12, 16), "uint16")
COLORS = np.random.default_rng(1).integers(0, 256, (12, 16, 3), "uint16")
COLORS[0, 0] = 255  # the brightest value of any depth


@pytest.mark.parametrize(
    "largest, bits",
    [
        *((0, 8), (255, 8), (256, 10), (1023, 10), (1024, 12), (4095, 12)),
        *((4096, 14), (16383, 14), (16384, 16), (65535, 16)),
    ],
)
def test_the_largest_value_says_the_depth(largest, bits):
    assert depth_of(largest) == bits


def test_the_upper_bits_are_kept():
    values = np.array([0, 15, 16, 2048, 4095], np.uint16)
    assert to_8_bit(values, "x").tolist() == [0, 0, 1, 128, 255]
    values = np.array([0, 255, 256, 32768, 65535], np.uint16)
    assert to_8_bit(values, "x").tolist() == [0, 0, 1, 128, 255]
    assert to_8_bit(np.array([7, 200], np.uint16), "x").tolist() == [7, 200]


@pytest.mark.parametrize("extension", [".png", ".tiff"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_files_and_arrays_of_any_depth_have_the_pixels_of_8_bits(
    extension, bits, channels, tmp_path
):
    shown = np.dstack([COLORS, GRAY])[..., :channels]
    deep = shown << (bits - 8)
    expected = np.broadcast_to(shown[..., :3], (12, 16, 3)).astype("uint8")
    bgr = deep[..., [2, 1, 0, 3][:channels]] if channels > 1 else deep
    path = tmp_path / f"deep{extension}"
    cv2.imwrite(str(path), bgr)
    for given in (path, path.read_bytes(), deep, deep.astype(">u2")):
        np.testing.assert_array_equal(to_region(given).pixels, expected)
    np.testing.assert_array_equal(kh.read_image(path), expected)
    np.testing.assert_array_equal(read_region(path, reduction=4).pixels, expected)


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I"])
@pytest.mark.parametrize("bits", [12, 16])
def test_pil_images_have_the_pixels_of_their_files(mode, bits):
    pil = pytest.importorskip("PIL.Image")
    deep = (GRAY | 128) << (bits - 8)
    data = cv2.imencode(".png", deep)[1].tobytes()
    image = pil.open(io.BytesIO(data))
    if mode == "I;16B":
        image = pil.frombytes(mode, (16, 12), deep.astype(">u2").tobytes())
    image = image.convert("I") if mode == "I" else image
    assert image.mode == mode
    expected = np.repeat((GRAY[..., None] | 128).astype("uint8"), 3, -1)
    for given in (image, data, deep):
        np.testing.assert_array_equal(to_region(given).pixels, expected)


def test_a_turned_deep_file_is_upright(exif):
    pil = pytest.importorskip("PIL.Image")
    block = pil.Exif()
    block[0x0112] = 6
    for kind in ("PNG", "TIFF"):
        file = io.BytesIO()
        pil.fromarray(COLORS[..., 0] << 4).save(file, kind, exif=block)
        pixels = to_region(file.getvalue()).pixels
        expected = np.rot90(COLORS[..., 0], -1)
        np.testing.assert_array_equal(pixels[..., 0], expected)
        opened = pil.open(io.BytesIO(file.getvalue()))
        np.testing.assert_array_equal(to_region(opened).pixels, pixels)


def test_transparency_does_not_decide_the_depth():
    opaque = np.full((12, 16, 1), 65535, "uint16")
    given = np.concatenate([COLORS << 4, opaque], axis=-1)
    np.testing.assert_array_equal(to_region(given).pixels, COLORS)


def test_each_depth_is_noted_once(monkeypatch, caplog):
    monkeypatch.setattr(depth, "_noted", set())
    with caplog.at_level(logging.WARNING):
        for value in (4000, 3000, 65535, 700):
            to_region(np.full((2, 2), value, "uint16"), f"image {value}")
    notes = [record.getMessage() for record in caplog.records]
    assert [note[:10] for note in notes] == ["image 4000", "image 700:"]
    assert "largest value of its 16-bit channels is 4,000: read as 12-bit" in notes[0]
