"""Captions of images: a line of text on a strip above the image."""

import cv2
import numpy as np

from keras_hourglass.visualization.images import to_rgb

HEIGHT, MARGIN = 18, 4  # pixels of the strip, and left and right of the text
FONT, SCALE, THICKNESS = cv2.FONT_HERSHEY_SIMPLEX, 0.42, 1
TEXT_COLOR, STRIP_COLOR = 255, 32
ELLIPSIS = "..."


def add_caption(image, text: str, right: str = "") -> np.ndarray:
    """Adds a strip with text above an image.

    Args:
        image: uint8: RGB `(height, width, 3)`, RGBA or gray.
        text: One line. Its middle is left out where it is too wide. OpenCV's font has
            ASCII alone: other characters become question marks.
        right: Text at the right edge, which is kept whole.

    Returns:
        `(height + HEIGHT, width, 3)`, uint8, RGB.

    Example:

    ```python
    import numpy as np
    from keras_hourglass.visualization.captions import add_caption

    image = np.zeros((256, 256, 3), "uint8")
    print(add_caption(image, "7.jpg", "14 of 16 correct").shape)  # (274, 256, 3)
    ```
    """
    image = to_rgb(image)
    width = image.shape[1]
    strip = np.full((HEIGHT, width, 3), STRIP_COLOR, "uint8")
    left = width - MARGIN - text_width(right)
    text = shorten(text, left - 2 * MARGIN if right else left - MARGIN)
    for place, line in ((MARGIN, text), (left, to_ascii(right))):
        origin = place, HEIGHT - 5
        color = (TEXT_COLOR,) * 3
        cv2.putText(strip, line, origin, FONT, SCALE, color, THICKNESS, cv2.LINE_AA)
    return np.vstack([strip, image])


def shorten(text: str, width: int) -> str:
    """Leaves out the middle of a text that is wider than some pixels."""
    text = shown = to_ascii(text)
    kept = len(text)
    while kept and text_width(shown) > width:
        kept -= 1
        tail = kept // 2
        shown = text[: kept - tail] + ELLIPSIS + text[len(text) - tail :]
    return shown if text_width(shown) <= width else ""


def text_width(text: str) -> int:
    """Returns the width of a text in pixels."""
    return cv2.getTextSize(to_ascii(text), FONT, SCALE, THICKNESS)[0][0]


def to_ascii(text: str) -> str:
    """Replaces what OpenCV's font lacks by question marks."""
    printable = (c if " " <= c <= "~" else "?" for c in text)
    return "".join(printable)
