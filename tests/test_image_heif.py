"""HEIC and AVIF images."""

import io
import sys

import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.checks.images import inspect_image
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.inference.sources import InputSource
from keras_hourglass.inference.sources.images import to_region

SHOWN = np.zeros((48, 64, 3), "uint8")
SHOWN[:, 32:] = (200, 100, 50)
SHOWN[:10] = (0, 0, 220)


def encoded(kind, orientation=1):
    pillow_heif = pytest.importorskip("pillow_heif")
    pil = pytest.importorskip("PIL.Image")
    pillow_heif.register_heif_opener()
    if kind not in pil.registered_extensions().values():
        pytest.skip(f"this Pillow writes no {kind}")
    exif, file = pil.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image = pil.fromarray(np.rot90(SHOWN) if orientation == 6 else SHOWN)
    image.save(file, kind, exif=exif.tobytes(), quality=95)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_an_image_is_read_upright(kind, orientation, tmp_path):
    path = tmp_path / "photo.heic"
    path.write_bytes(encoded(kind, orientation))
    opened = pytest.importorskip("PIL.Image").open(path)
    for pixels in (kh.read_image(path), to_region(opened).pixels):
        assert pixels.shape == SHOWN.shape and pixels.dtype == np.uint8
        assert np.abs(pixels.astype(int) - SHOWN).mean() < 8
    assert inspect_image(str(path)).size == (64, 48)
    assert inspect_image(str(path), decode=False).size == (64, 48)


def test_gray_values_of_12_bits_are_not_clipped(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    gray = np.tile(np.arange(64, dtype=np.uint16) * 1000, (48, 1))
    image = pillow_heif.from_bytes("I;16", (64, 48), gray.tobytes())
    image.save(tmp_path / "gray.heic", quality=95)
    pixels = kh.read_image(tmp_path / "gray.heic")
    assert np.abs(pixels[..., 1] - gray / 256).mean() < 4


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_truncated_file_is_refused_by_its_name(kind, tmp_path):
    data = encoded(kind)
    for end in (30, len(data) // 2, len(data) - 40):
        (tmp_path / "half.heic").write_bytes(data[:end])
        with pytest.raises(ImageDecodeError, match="half.heic cannot be read.*damaged"):
            kh.read_image(tmp_path / "half.heic")


def test_without_the_extra_the_error_names_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for brand in (b"heic", b"avif", b"mif1"):
        (tmp_path / "a.jpg").write_bytes(b"\0\0\0\x1cftyp" + brand + bytes(40))
        with pytest.raises(ImageDecodeError, match=r"a.jpg .*pip install '\.\[heif\]'"):
            kh.read_image(tmp_path / "a.jpg")


@pytest.mark.parametrize("name", ["a.HEIC", "a.heif", "a.avif"])
def test_folders_are_searched_for_such_files(name, tmp_path):
    from keras_hourglass.inference.sources import find_sources

    (tmp_path / name).write_bytes(b"")
    assert find_sources([tmp_path]) == [InputSource(str(tmp_path / name), "image")]
