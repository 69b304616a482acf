"""What becomes of a sample's pixels, as on their way from a scene into a file."""

import cv2
import numpy as np

from keras_hourglass.data.augmentation.occlusion import paste_patches
from keras_hourglass.visualization.images import encode_image

GREY = np.array([0.299, 0.587, 0.114])  # of red, green, blue, as JPEG weighs them
OWN = np.eye(3)  # each channel's part in itself
MIDDLE, WHITE = 128, 255
BLUR_SIGMA = 1 / 85  # of the image's width: how far a blurred pixel reaches, at most
JPEG_QUALITY = 20, 80  # of a JPEG whose compression shows


def augment_pixels(strengths, image: np.ndarray, random) -> np.ndarray:
    """See `Augmentation.augment_pixels`. Always draws as many numbers."""
    changes = random.uniform(-1, 1, 6)
    patches, blur, reach, jpeg, quality = random.random(5).tolist()
    if patches < strengths.patches:
        image = paste_patches(image, random)
    if _jitter_color(strengths):
        cv2.transform(image, color_matrix(strengths, changes), dst=image)
    if blur < strengths.blur:
        image = gaussian_blur(image, reach)
    if jpeg < strengths.jpeg:
        image[:] = jpeg_compress(image, quality)
    return image


def _jitter_color(strengths):
    return (
        strengths.colour
        or strengths.brightness
        or strengths.contrast
        or strengths.saturation
    )


def color_matrix(strengths, changes) -> np.ndarray:
    """`(3, 4)`, all changes of colour as one: RGB and 1 -> RGB.

    Args:
        changes: Six numbers, -1 to 1: of the channels, of contrast, saturation and
            brightness.
    """
    *channels, contrast, saturation, brightness = changes.tolist()
    contrast = 1 + strengths.contrast * contrast
    saturation = 1 + strengths.saturation * saturation
    channels = [[contrast * (1 + strengths.colour * change)] for change in channels]
    matrix = np.empty((3, 4), "float32")
    matrix[:, :3] = (saturation * OWN + (1 - saturation) * GREY) * channels
    matrix[:, 3] = MIDDLE * (1 - contrast) + WHITE * strengths.brightness * brightness
    return matrix


def gaussian_blur(image: np.ndarray, reach: float) -> np.ndarray:
    """Means of 3 x 3 pixels or more, up to `BLUR` as `reach` goes from 0 to 1."""
    most = max(1, round(BLUR_SIGMA * image.shape[1]))
    edge = 2 * (1 + int(reach * most)) + 1
    return cv2.blur(image, (edge, edge), dst=image)


def jpeg_compress(image: np.ndarray, quality: float) -> np.ndarray:
    """As a JPEG would give it back, of low to fair `QUALITY` as it goes from 0 to 1."""
    low, high = JPEG_QUALITY
    level = round(low + quality * (high - low))
    data = np.frombuffer(encode_image(image, ".jpg", level), "uint8")
    return cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
