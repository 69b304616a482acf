"""Input images: paths, file contents, arrays and PIL images, one or several."""

from os import PathLike

import numpy as np

from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.decoding import ImageRegion

BYTES = (bytes, bytearray, memoryview)
# Modes of PIL images that have one meaning in RGB.
PIL_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV"}
EXPECTED = (
    "must be paths, a file's bytes, PIL images, or uint8 arrays (height, width), with "
    "3 or 4 channels or none"
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
    for item in images:
        yield from item if len(getattr(item, "shape", ())) == 4 else [item]


def to_region(image, name: str = "image") -> ImageRegion:
    """Reads an image of any accepted kind.

    Args:
        image: Path; contents of a file, or a file opened in binary mode; PIL image;
            or array, whose fourth channel, transparency, is ignored. A PIL image's
            EXIF orientation is ignored, too: PIL leaves it to the caller.
        name: For messages about an image without a path.

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
    if hasattr(image, "convert"):
        image = _from_pil(image, name)
    pixels = np.asarray(image)
    gray = pixels.ndim == 2 or pixels.shape[2:] == (1,)
    if pixels.dtype != np.uint8 or not (gray or pixels.shape[2:] in {(3,), (4,)}):
        raise _image_error(name, f"an array {pixels.shape} of {pixels.dtype}")
    if not pixels.size:
        raise _image_error(name, f"an array {pixels.shape}, without a pixel")
    if gray:
        height, width = pixels.shape[:2]
        pixels = np.broadcast_to(pixels.reshape(height, width, 1), (height, width, 3))
    return decoding.whole_region(np.ascontiguousarray(pixels[..., :3]))


def _from_pil(image, name):
    """Converts to RGB, but for 16-bit and float images, whose range is unknown."""
    if image.mode not in PIL_MODES:
        raise _image_error(name, f"a PIL image of mode {image.mode!r}")
    return image.convert("RGB")


def _image_error(name, received):
    hint = " (values from 0 to 255)" if "float" in received else ""
    return ValueError(f"{name}: `images` {EXPECTED}{hint}. Received: {received}")
