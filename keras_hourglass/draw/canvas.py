"""What is drawn on: a copy in colour of any usual picture; and its file."""

import cv2
import numpy as np


def canvas(image) -> np.ndarray:
    """A copy of a picture `(height, width, 3)`, uint8, RGB, to draw on.

    Args:
        image: Such a picture, a gray one `(height, width)` or `(height, width, 1)`,
            or one whose fourth channel, which is left out, says how dense it is.

    Raises:
        ValueError: If it is none of these.
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


def png(image) -> bytes:
    """A picture `(height, width, 3)`, uint8, RGB, as a PNG file."""
    return encoded(image, ".png")


def encoded(image, ending: str) -> bytes:
    """A picture `(height, width, 3)`, uint8, RGB, as a file of a kind.

    Args:
        image: The picture.
        ending: Of the file's name: `.png`, `.jpg`, `.webp` or what else OpenCV knows.

    Raises:
        ValueError: If the kind is unknown, or cannot hold so large a picture.
    """
    try:
        done, data = cv2.imencode(ending, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    except cv2.error:
        done = False
    if not done:
        raise ValueError(
            f"a {ending} file takes no picture of {image.shape[1]} x {image.shape[0]}"
        )
    return data.tobytes()
