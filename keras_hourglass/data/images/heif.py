"""HEIC and AVIF images, decoded by Pillow with `pillow-heif` (extra `heif`).

Both are boxes of ISO/IEC 14496-12 whose first, `ftyp`, lists what is inside.
"""

from io import BytesIO

import numpy as np

BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
BRANDS |= {b"avif", b"avis"}


def is_heif(data: bytes) -> bool:
    """Returns whether a file's bytes begin as those of a HEIC or AVIF image."""
    return data[4:8] == b"ftyp" and data[8:12] in BRANDS


def decode(data: bytes) -> np.ndarray:
    """Decodes the first image, `(height, width, 3)`, uint8, RGB.

    Raises:
        ValueError: If `pillow-heif` is not installed, or the file is damaged.
    """
    image = open_image(data)
    from PIL import Image

    try:
        if image.mode == "I;16":  # gray of 10 or 12 bits, scaled to 16: PIL would clip
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        return np.asarray(image.convert("RGB"))
    except Exception as error:  # Pillow's plugins raise nearly any, SyntaxError, too
        raise ValueError(f"damaged or truncated: {error}") from None


def open_image(data: bytes):
    """Opens an image with PIL, which reads its size and EXIF tags, and no pixels yet.

    Raises:
        ValueError: See `decode`.
    """
    try:
        import pillow_heif
        from PIL import Image
    except ImportError:
        raise ValueError(
            "HEIC and AVIF need pillow-heif: pip install '.[heif]'"
        ) from None
    pillow_heif.register_heif_opener()  # AVIF is read by Pillow itself
    try:
        return Image.open(BytesIO(data))
    except Exception:
        raise ValueError("damaged or truncated HEIC or AVIF") from None
