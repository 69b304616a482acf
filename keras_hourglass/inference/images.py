"""Pictures as a caller has them: files, bytes, arrays, PIL's, one or many."""

from os import PathLike

import numpy as np

from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.decoding import ImageRegion

BYTES = (bytes, bytearray, memoryview)
PLAIN = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV"}
WANTED = (
    "must be paths, a file's bytes, PIL images, or uint8 arrays (height, width), with "
    "3 or 4 channels or none"
)


def is_single(pictures) -> bool:
    """Whether this is a picture, and not several."""
    if isinstance(pictures, (str, PathLike, *BYTES)):
        return True
    if hasattr(pictures, "shape"):
        return len(pictures.shape) in (2, 3)
    return hasattr(pictures, "read") or hasattr(pictures, "convert")


def iterate(pictures):
    """One picture after another, those of an iterator's batches, too."""
    for some in pictures:
        yield from some if len(getattr(some, "shape", ())) == 4 else [some]


def to_region(given, name: str = "picture") -> ImageRegion:
    """The pixels of a picture.

    Args:
        given: Path; bytes of a file, or a file that is open to read them; PIL image;
            or array, whose fourth channel, transparency, is left out. A PIL image is
            taken as it lies in memory: whoever opened it has turned it, or not.
        name: What errors call a picture that has no path.

    Raises:
        OSError: If there is no such file.
        BrokenPicture: If it cannot be read as a picture.
        ValueError: If it is nothing of these.
    """
    if isinstance(given, str | PathLike):
        return decoding.read_region(given)
    if hasattr(given, "read"):
        given = given.read()
    if isinstance(given, BYTES):
        return decoding.read_region(name, bytes(given))
    if hasattr(given, "convert"):
        given = _converted(given, name)
    pixels = np.asarray(given)
    gray = pixels.ndim == 2 or pixels.shape[2:] == (1,)
    if pixels.dtype != np.uint8 or not (gray or pixels.shape[2:] in {(3,), (4,)}):
        raise _unusable(name, f"an array {pixels.shape} of {pixels.dtype}")
    if not pixels.size:
        raise _unusable(name, f"an array {pixels.shape}, without a pixel")
    if gray:
        pixels = np.broadcast_to(pixels.reshape(*pixels.shape[:2], 1), _rgb(pixels))
    return decoding.whole_region(np.ascontiguousarray(pixels[..., :3]))


def _rgb(pixels):
    return (*pixels.shape[:2], 3)


def _converted(image, name):
    """A PIL image in RGB; one of 16 bits or of fractions has no one meaning."""
    if image.mode not in PLAIN:
        raise _unusable(name, f"a PIL image of mode {image.mode!r}")
    return image.convert("RGB")


def _unusable(name, received):
    hint = " (gray and colours: 0 to 255)" if "float" in received else ""
    return ValueError(f"{name}: `pictures` {WANTED}{hint}. Received: {received}")
