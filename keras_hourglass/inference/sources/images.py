"""Input images: paths, file contents, arrays and PIL images, one or several."""

from os import PathLike

import numpy as np

from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.images.depth import to_8_bit
from keras_hourglass.data.images.headers import (
    ORIENTATION,
    Header,
    valid_orientation,
)

BYTES = (bytes, bytearray, memoryview)
# Modes of PIL images that have one meaning in RGB.
PIL_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV"}
PIL_16_BIT = {"I;16", "I;16L", "I;16B", "I;16N", "I"}  # the last where values permit
EXPECTED = (
    "must be paths, a file's bytes, PIL images, or uint8 or uint16 arrays (height, "
    "width), with 3 or 4 channels or none"
)


def is_single(images) -> bool:
    """Returns whether the argument is one image, and not several."""
    if isinstance(images, (str, PathLike, *BYTES)):
        return True
    if hasattr(images, "shape"):
        return len(images.shape) in (2, 3)
    return hasattr(images, "read") or hasattr(images, "convert")


def iterate(images):
    """Yields one image after another; arrays `(batch, height, ...)` are unpacked."""
    if not hasattr(images, "__iter__"):
        raise ValueError(f"`images` {EXPECTED}. Received: images={images!r:.80}")
    for item in images:
        yield from item if len(getattr(item, "shape", ())) == 4 else [item]


def to_region(image, name: str = "image", exif: bool = True) -> ImageRegion:
    """Reads an image of any accepted kind.

    Args:
        image: Path; contents of a file, or a file opened in binary mode; PIL image;
            or array, whose fourth channel, transparency, is ignored. Channels of 16
            bits are reduced to 8; see `to_8_bit`.
        name: For messages about an image without a path.
        exif: Whether a PIL image is turned as its EXIF orientation says, as its file
            is. PIL keeps the tag in copies, also in those that were turned by hand.

    Raises:
        OSError: If there is no such file.
        ImageDecodeError: If the file is not an image, is damaged or too large.
        ValueError: If `image` is none of these kinds.
    """
    if isinstance(image, str | PathLike):
        return decoding.read_region(image)
    if hasattr(image, "read"):
        image = image.read()
    if isinstance(image, BYTES):
        return decoding.read_region(name, bytes(image))
    orientation = 1
    if hasattr(image, "convert"):
        converted = _from_pil(image, name)
        if exif:
            # Only now: PIL turns a TIFF by itself, and drops the tag, when it loads it.
            orientation = valid_orientation(image.getexif().get(ORIENTATION))
        image = converted
    pixels = np.asarray(image)
    if pixels.dtype.kind == "u" and pixels.shape[2:] == (4,):
        pixels = pixels[..., :3]  # opaque is 65,535 at any depth of the colors
    if pixels.dtype.kind == "u" and pixels.itemsize == 2:  # in any order of bytes
        pixels = to_8_bit(pixels.astype(np.uint16), name)
    gray = pixels.ndim == 2 or pixels.shape[2:] == (1,)
    if pixels.dtype != np.uint8 or not (gray or pixels.shape[2:] == (3,)):
        raise _image_error(name, f"an array {pixels.shape} of {pixels.dtype}")
    if not pixels.size:
        raise _image_error(name, f"an array {pixels.shape}, without a pixel")
    height, width = pixels.shape[:2]
    if gray:
        pixels = np.broadcast_to(pixels.reshape(height, width, 1), (height, width, 3))
    pixels = np.ascontiguousarray(pixels)
    return decoding.to_upright(pixels, Header(width, height, orientation))


def _from_pil(image, name):
    """Converts to RGB, or a 16-bit image to an array; others have an unknown range."""
    if image.format == "TIFF":
        _load_tiff(image)
    if image.mode in PIL_16_BIT:
        pixels = np.asarray(image)
        if image.mode != "I" or 0 <= pixels.min() <= pixels.max() < 2**16:
            return pixels.astype(np.uint16)
    if image.mode not in PIL_MODES:
        raise _image_error(name, f"a PIL image of mode {image.mode!r}")
    return image.convert("RGB")


def _load_tiff(image):
    """Loads a file by reading: of turned ones that it maps, PIL 13 mixes up sides."""
    filename, image.filename = image.filename, ""  # it maps files with names
    try:
        image.load()
    finally:
        image.filename = filename


def _image_error(name, received):
    hint = " (values from 0 to 255)" if "float" in received else ""
    return ValueError(f"{name}: `images` {EXPECTED}{hint}. Received: {received}")
