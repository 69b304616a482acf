"""Which colour tells which side, for everybody's eyes.

Two of the colours that Okabe and Ito chose so that people of every kind of colour
vision tell them apart, and white; each is also of another brightness, for gray prints.
https://jfly.uni-koeln.de/color

What is drawn on: a copy in colour of any usual picture; and its file.

The brush: round-ended lines and discs, as soft at their edges as a pixel is wide.

A person drawn on a picture: limbs and joints, by side and by how sure they are.
"""

from math import hypot

import cv2
import numpy as np

from keras_hourglass.geometry import enclosing_box
from keras_hourglass.skeletons import Skeleton

SIDE_COLORS = {"right_": (213, 94, 0), "left_": (86, 180, 233)}  # vermilion, sky blue
MIDDLE_COLOR = (245, 245, 245)
OUTLINE_COLOR = (20, 20, 20)  # around all of them, so that no background swallows one


def joint_color(*names: str) -> tuple[int, int, int]:
    """RGB of a joint, or of a limb between two: by the side that it is on."""
    for side, rgb in SIDE_COLORS.items():
        if any(name.startswith(side) for name in names):
            return rgb
    return MIDDLE_COLOR


def to_rgb(image) -> np.ndarray:
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


def encode_png(image) -> bytes:
    """A picture `(height, width, 3)`, uint8, RGB, as a PNG file."""
    return encode_image(image, ".png")


def encode_image(image, ending: str) -> bytes:
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


EDGE_SOFTNESS = (
    1.0  # pixels that an edge takes from all to nothing, half of them inside
)
MARGIN = 1.0  # pixels: OpenCV is given whole ones


def draw_line(image, start, end, radius: float, rgb, opacity: float = 1.0):
    """Paints a line, or a disc where it ends as it starts, onto a picture.

    A pixel is covered by how far its center is from the line, so that a line that lies
    between two rows is drawn between them.

    Args:
        image: `(height, width, 3)`, uint8, painted over.
        start, end: `(2,)`, x before y, pixels; they may lie outside.
        radius: Half of the line's width, pixels.
        rgb: Of the paint.
        opacity: How much it hides, from 0 to 1.
    """
    reach = radius + EDGE_SOFTNESS + MARGIN
    start, line = _clip_line(
        np.asarray(start, float), np.subtract(end, start), image.shape[1::-1], reach
    )
    columns, rows = _nearby_pixels(image, start, line, reach)
    x, y = ((i - at).astype("float32") for i, at in zip((columns, rows), start))
    across, down = line.tolist()
    along = np.clip((x * across + y * down) / (across**2 + down**2 or 1), 0, 1)
    far = np.sqrt((x - along * across) ** 2 + (y - along * down) ** 2)
    share = opacity * np.clip((radius - far) / EDGE_SOFTNESS + 0.5, 0, 1)[:, None]
    under = image[rows, columns]
    paint = np.array(rgb, "float32")
    image[rows, columns] = np.rint(under + (paint - under) * share)


def _clip_line(start, line, size, reach):
    """The part of a line of which some may be on the picture: its start, and itself."""
    first, last = 0.0, 1.0
    for place, length, side in zip(start, line, size):
        if length:
            ends = sorted(((-reach - place) / length, (side + reach - place) / length))
            first, last = max(first, ends[0]), min(last, ends[1])
    return start + first * line, max(last - first, 0) * line


def _nearby_pixels(image, start, line, reach):
    """The columns and the rows of all pixels that are not farther from a line."""
    ahead = reach * (line / hypot(*line) if line.any() else np.array([1.0, 0.0]))
    aside, end = ahead[::-1] * (-1, 1), start + line
    corners = [start - ahead - aside, start - ahead + aside]
    corners = np.stack([*corners, end + ahead + aside, end + ahead - aside])
    left, top, columns, rows = enclosing_box(corners, *image.shape[1::-1])
    mask = np.zeros((rows, columns), "uint8")
    cv2.fillConvexPoly(mask, np.rint(corners - (left, top)).astype("int32"), 1)
    y, x = np.nonzero(mask.view(bool))
    return x + left, y + top


FULL_SCORE = 0.5  # confidence from which on nothing shines through
IMAGE_LINE_RATIO, PERSON_LINE_RATIO = (
    1 / 90,
    1 / 70,
)  # of their longer side, a line is wide at most
MIN_LINE_WIDTH = 1.0  # pixel
JOINT_RADIUS_RATIO = 1.1  # radius of a joint's disc, in widths of a line
OUTLINE_WIDTH, OUTLINE_OPACITY = 0.3, 0.7  # of the rim, the former in widths of a line
MAX_COORDINATE = (
    1e9  # pixels: a limb to a joint farther off has no direction worth drawing
)


def draw_skeleton(image, joints, skeleton: Skeleton, confidence=None) -> np.ndarray:
    """A copy of a picture with limbs and joints on it, right vermilion, left blue.

    Lines are as wide as suits the picture, or a person who is small on it. Joints
    that are no finite numbers are left out, with their limbs.

    Args:
        image: `(height, width, 3)`, uint8, RGB; or a gray one, see `canvas`.
        joints: `(joints, 2)`, x before y, picture pixels.
        skeleton: What the joints are.
        confidence: `(joints,)`; below 0.5 a joint fades, with its limbs, and at 0 or
            less it is left out.

    Raises:
        ValueError: If shapes are others.
    """
    image, joints = to_rgb(image), np.asarray(joints, float)
    number = len(skeleton.joints)
    sure = np.ones(number) if confidence is None else np.asarray(confidence, float)
    if joints.shape != (number, 2) or sure.shape != (number,):
        raise ValueError(
            f"`joints` must be ({number}, 2) and `confidence` ({number},). "
            f"Received: joints={joints.shape}, confidence={sure.shape}"
        )
    seen = (np.abs(joints) <= MAX_COORDINATE).all(-1) & (sure > 0)  # also no NaN
    opacity = np.where(seen, np.clip(sure / FULL_SCORE, 0, 1), 0).tolist()
    if not seen.any():
        return image
    width = _line_width(image, joints[seen])
    strokes = [*_lines(joints, opacity, skeleton, width)]
    rim = OUTLINE_WIDTH * width
    for start, end, radius, _, dense in strokes:
        draw_line(
            image, start, end, radius + rim, OUTLINE_COLOR, dense * OUTLINE_OPACITY
        )
    for start, end, radius, rgb, dense in strokes:
        draw_line(image, start, end, radius, rgb, dense)
    return image


def _lines(joints, opacity, skeleton, width):
    """Start, end, radius, colour and opacity of each limb, then of each joint."""
    for names in skeleton.limbs:
        a, b = skeleton.indices(names)
        if dense := min(opacity[a], opacity[b]):
            yield joints[a], joints[b], width / 2, joint_color(*names), dense
    for name, place, dense in zip(skeleton.joints, joints, opacity):
        if dense:
            yield place, place, JOINT_RADIUS_RATIO * width, joint_color(name), dense


def _line_width(image, joints):
    """How wide a line is on a picture, pixels, for a person with these joints."""
    person = np.ptp(joints, axis=0).max() or np.inf  # of a single joint: unknown
    width = min(IMAGE_LINE_RATIO * max(image.shape[:2]), PERSON_LINE_RATIO * person)
    return float(max(MIN_LINE_WIDTH, width))
