"""Photometric augmentation: color, blur and compression, as cameras have them."""

import cv2
import numpy as np

from keras_hourglass.data.augmentation.occlusion import paste_patches
from keras_hourglass.visualization.images import encode_image

GRAY = np.array([0.299, 0.587, 0.114])  # of red, green, blue, as JPEG weighs them
MID_GRAY, WHITE = 128, 255
MAX_BLUR = 1 / 85  # of the image's width: the largest radius of a blur
JPEG_QUALITY = 20, 80  # of a JPEG with visible artifacts


def augment_pixels(strengths, image: np.ndarray, random) -> np.ndarray:
    """Changes pixels, see `Augmentation.augment_pixels`.

    Always draws as many numbers, so that one strength does not change another's.
    """
    changes = random.uniform(-1, 1, 6)
    patches, blur, radius, jpeg, quality = random.random(5).tolist()
    if patches < strengths.patches:
        image = paste_patches(image, random)
    if _changes_color(strengths):
        cv2.transform(image, color_matrix(strengths, changes), dst=image)
    if blur < strengths.blur:
        image = box_blur(image, radius)
    if jpeg < strengths.jpeg:
        image[:] = jpeg_compress(image, quality)
    return image


def _changes_color(strengths):
    return (
        strengths.color
        or strengths.brightness
        or strengths.contrast
        or strengths.saturation
    )


def color_matrix(strengths, changes) -> np.ndarray:
    """Combines all changes of color in one matrix `(3, 4)`: RGB and 1 -> RGB.

    Args:
        changes: Six numbers, -1 to 1: for the channels, contrast, saturation and
            brightness.
    """
    *channels, contrast, saturation, brightness = changes.tolist()
    contrast = 1 + strengths.contrast * contrast
    saturation = 1 + strengths.saturation * saturation
    channels = [[contrast * (1 + strengths.color * change)] for change in channels]
    matrix = np.empty((3, 4), "float32")
    matrix[:, :3] = (saturation * np.eye(3) + (1 - saturation) * GRAY) * channels
    matrix[:, 3] = MID_GRAY * (1 - contrast) + WHITE * strengths.brightness * brightness
    return matrix


def box_blur(image: np.ndarray, radius: float) -> np.ndarray:
    """Blurs by means of 3 x 3 pixels, up to `MAX_BLUR` as `radius` goes from 0 to 1."""
    largest = max(1, round(MAX_BLUR * image.shape[1]))
    edge = 2 * (1 + int(radius * largest)) + 1
    return cv2.blur(image, (edge, edge), dst=image)


def jpeg_compress(image: np.ndarray, quality: float) -> np.ndarray:
    """Compresses as JPEG, of low to fair quality as `quality` goes from 0 to 1."""
    low, high = JPEG_QUALITY
    level = round(low + quality * (high - low))
    data = np.frombuffer(encode_image(image, ".jpg", level), "uint8")
    return cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
