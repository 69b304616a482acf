"""Image arrays: conversion to RGB, encoding, and saving as files."""

from pathlib import Path

import cv2
import numpy as np

from keras_hourglass.utils.files import atomic_write

QUALITY_FLAGS = {
    ".jpg": cv2.IMWRITE_JPEG_QUALITY,
    ".jpeg": cv2.IMWRITE_JPEG_QUALITY,
    ".webp": cv2.IMWRITE_WEBP_QUALITY,
}


def to_rgb(image) -> np.ndarray:
    """Copies an image into an RGB array that can be drawn on.

    Args:
        image: uint8: RGB `(height, width, 3)`, gray `(height, width)` or
            `(height, width, 1)`, or RGBA `(height, width, 4)`, whose alpha channel is
            dropped.

    Returns:
        `(height, width, 3)`, uint8, RGB.

    Raises:
        ValueError: If type or shape is another.
    """
    image = np.asarray(image)
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise ValueError(
            "`image` must be uint8, (height, width) or (height, width, 1, 3 or 4). "
            f"Received: image={image.dtype} {image.shape}"
        )
    image = image.reshape(*image.shape[:2], channels)[..., :3]
    return np.repeat(image, 3, -1) if channels == 1 else image.copy()


def enlarge(image: np.ndarray, min_side: int) -> np.ndarray:
    """Repeats the pixels of an image until its longer side has `min_side` of them."""
    factor = -(-min_side // max(image.shape[:2]))
    return image.repeat(factor, 0).repeat(factor, 1)


def encode_image(image, ending: str, quality: int | None = None) -> bytes:
    """Encodes an image in a file format.

    Args:
        image: `(height, width, 3)`, uint8, RGB.
        ending: The format, by its file name's ending: `.png`, `.jpg`, `.webp` or any
            other that OpenCV writes.
        quality: Of JPEG and WebP, from 0 to 100; by default, OpenCV's.

    Raises:
        ValueError: If the format is unknown, has no `quality`, or cannot hold an image
            of this size.
    """
    flag = QUALITY_FLAGS.get(ending.lower())
    if quality is not None and (flag is None or not 0 <= quality <= 100):
        raise ValueError(
            f"`quality` must be from 0 to 100, and for {', '.join(QUALITY_FLAGS)} "
            f"alone. Received: quality={quality}, ending={ending!r}"
        )
    options = [] if quality is None else [flag, quality]
    try:
        bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(ending, bgr, options)
    except cv2.error:
        done = False
    if not done:
        raise ValueError(
            f"a {ending} file takes no image of {image.shape[1]} x {image.shape[0]}"
        )
    return data.tobytes()


def save_image(path, image):
    """Writes an image to a file, whose ending is the format; see `encode_image`.

    An existing file is replaced only once the new one is complete.
    """
    data = encode_image(image, Path(path).suffix)
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)
