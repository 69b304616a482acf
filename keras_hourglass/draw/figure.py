"""A person drawn on a picture: limbs and joints, by side and by how sure they are."""

import numpy as np

from keras_hourglass.draw.brush import stroke
from keras_hourglass.draw.canvas import canvas
from keras_hourglass.draw.colours import RIM, colour
from keras_hourglass.skeleton import Skeleton

OPAQUE = 0.5  # confidence from which on nothing shines through
OF_PICTURE, OF_PERSON = 1 / 90, 1 / 70  # of their longer side, a line is wide at most
THINNEST = 1.0  # pixel
JOINT = 1.1  # radius of a joint's disc, in widths of a line
RIM_WIDTH, RIM_OPACITY = 0.3, 0.7  # of the rim, the former in widths of a line
FARTHEST = 1e9  # pixels: a limb to a joint farther off has no direction worth drawing


def skeleton(image, joints, skeleton: Skeleton, confidence=None) -> np.ndarray:
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
    image, joints = canvas(image), np.asarray(joints, float)
    number = len(skeleton.joints)
    sure = np.ones(number) if confidence is None else np.asarray(confidence, float)
    if joints.shape != (number, 2) or sure.shape != (number,):
        raise ValueError(
            f"`joints` must be ({number}, 2) and `confidence` ({number},). "
            f"Received: joints={joints.shape}, confidence={sure.shape}"
        )
    seen = (np.abs(joints) <= FARTHEST).all(-1) & (sure > 0)  # also no NaN
    opacity = np.where(seen, np.clip(sure / OPAQUE, 0, 1), 0).tolist()
    if not seen.any():
        return image
    width = _width(image, joints[seen])
    strokes = [*_strokes(joints, opacity, skeleton, width)]
    rim = RIM_WIDTH * width
    for start, end, radius, _, dense in strokes:
        stroke(image, start, end, radius + rim, RIM, dense * RIM_OPACITY)
    for start, end, radius, rgb, dense in strokes:
        stroke(image, start, end, radius, rgb, dense)
    return image


def _strokes(joints, opacity, skeleton, width):
    """Start, end, radius, colour and opacity of each limb, then of each joint."""
    for names in skeleton.limbs:
        a, b = skeleton.indices(names)
        if dense := min(opacity[a], opacity[b]):
            yield joints[a], joints[b], width / 2, colour(*names), dense
    for name, place, dense in zip(skeleton.joints, joints, opacity):
        if dense:
            yield place, place, JOINT * width, colour(name), dense


def _width(image, joints):
    """How wide a line is on a picture, pixels, for a person with these joints."""
    person = np.ptp(joints, axis=0).max() or np.inf  # of a single joint: unknown
    width = min(OF_PICTURE * max(image.shape[:2]), OF_PERSON * person)
    return float(max(THINNEST, width))
