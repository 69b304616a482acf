"""Skeletons drawn on images: limbs and joints, colored by side.

Two colors of Okabe and Ito, distinguishable under every kind of color vision, and
white for joints without a side. The three differ in brightness, too, for gray prints.
A skeleton without sides has a color per joint. https://jfly.uni-koeln.de/color

Lines have round ends and are anti-aliased: a pixel's coverage follows from the
distance of its center to the line.
"""

from math import hypot

import cv2
import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.geometry import enclosing_box
from keras_hourglass.visualization.images import to_rgb

SIDE_COLORS = {"right_": (213, 94, 0), "left_": (86, 180, 233)}  # vermilion, sky blue
MIDDLE_COLOR = (245, 245, 245)
JOINT_COLORS = (  # of a skeleton without sides, in turn: the others that they chose
    *((230, 159, 0), (0, 158, 115), (240, 228, 66), (0, 114, 178), (204, 121, 167)),
)
PERSON_COLORS = (*JOINT_COLORS, *SIDE_COLORS.values())  # of tracked people, in turn
OUTLINE_COLOR = (20, 20, 20)  # keeps all three visible on any background

# Joints of lower scores are left out: fewer than half of them are correct, if scores
# are peaks of heatmaps (docs/predict.md).
MIN_JOINT_SCORE = 0.4
IMAGE_LINE_RATIO, PERSON_LINE_RATIO = 1 / 90, 1 / 70  # line width, of the longer side
MIN_LINE_WIDTH = 1.0  # pixel
JOINT_RADIUS_RATIO = 1.1  # radius of a joint's disc, in line widths
POINT_RADIUS_RATIO = 1.8  # the same without limbs
OUTLINE_WIDTH, OUTLINE_OPACITY = 0.3, 0.7  # the width in line widths
MAX_COORDINATE = 1e9  # pixels: beyond, floats cannot tell the direction of a limb

EDGE_SOFTNESS = 1.0  # pixels over which an edge fades, half of them inside
POLYGON_MARGIN = 1.0  # pixel: OpenCV's polygons have whole corners


def draw_skeleton(
    image,
    joints,
    skeleton,
    scores=None,
    color=None,
    min_score: float = MIN_JOINT_SCORE,
) -> np.ndarray:
    """Draws a person's limbs and joints on a copy of an image.

    Right is vermilion, left sky blue, the middle white; without sides, joints have
    colors in turn. A skeleton without limbs is drawn as points. The line width follows
    the size of the image, or that of the person where it is smaller. Joints that are
    NaN, infinite or farther than 1e9 pixels are left out, with their limbs.

    Args:
        image: uint8: RGB `(height, width, 3)`, RGBA or gray.
        joints: `(joints, 2)`, x before y, in image pixels.
        skeleton: A `Skeleton`, or its name: "mpii", "lsp" or "coco".
        scores: `(joints,)`. Joints of scores below `min_score`, or of 0 or less, are
            left out, with their limbs; all others are opaque. By default, all are
            drawn.
        color: RGB of all limbs and joints, in place of those of sides; see
            `person_color`.
        min_score: See `scores`; 0 draws all labeled joints by their weights.

    Returns:
        `(height, width, 3)`, uint8, RGB.

    Raises:
        ValueError: If a shape is another, or the skeleton's name is unknown.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    image = np.zeros((256, 256, 3), "uint8")
    joints = np.random.default_rng(0).uniform(40, 216, (17, 2))
    drawn = kh.draw_skeleton(image, joints, "coco")
    ```
    """
    image, joints = to_rgb(image), np.asarray(joints, float)
    skeleton = skeletons.get(skeleton)
    number = len(skeleton.joints)
    scores = np.full(number, np.inf) if scores is None else np.asarray(scores, float)
    if joints.shape != (number, 2) or scores.shape != (number,):
        raise ValueError(
            f"`joints` must be ({number}, 2) and `scores` ({number},). "
            f"Received: joints={joints.shape}, scores={scores.shape}"
        )
    visible = (scores >= min_score) & (scores > 0)  # also no NaN, as below
    visible &= (np.abs(joints) <= MAX_COORDINATE).all(-1)
    if not visible.any():
        return image
    width = _line_width(image, joints[visible])
    lines = [*_lines(joints, visible, skeleton, width)]
    if color is not None:
        lines = [(*place, color) for *place, _ in lines]
    outline = OUTLINE_WIDTH * width
    for *ends, radius, _ in lines:
        draw_line(image, *ends, radius + outline, OUTLINE_COLOR, OUTLINE_OPACITY)
    for line in lines:
        draw_line(image, *line)
    return image


def person_color(number: int | None) -> tuple[int, int, int] | None:
    """Returns the RGB color of a tracked person's number, `Pose.id`; None of None."""
    return None if number is None else PERSON_COLORS[number % len(PERSON_COLORS)]


def joint_colors(skeleton) -> list[tuple[int, int, int]]:
    """Returns the RGB color of each joint.

    By the side in its name, or else by its place in a flip pair: the first joint of a
    pair counts as left.
    """
    sides = [name.partition("_")[0] + "_" for name in skeleton.canonical_names]
    for pair in map(skeleton.indices, skeleton.flip_pairs):
        if pair[0] != pair[1] and not any(sides[i] in SIDE_COLORS for i in pair):
            sides[pair[0]], sides[pair[1]] = "left_", "right_"
    if not {*sides} & {*SIDE_COLORS}:
        return [JOINT_COLORS[i % len(JOINT_COLORS)] for i in range(len(sides))]
    return [SIDE_COLORS.get(side, MIDDLE_COLOR) for side in sides]


def limb_colors(skeleton) -> list[tuple[int, int, int]]:
    """Returns the RGB color of each limb: of a side, if a joint of it has one."""
    colors = joint_colors(skeleton)
    limbs = [[colors[i] for i in skeleton.indices(limb)] for limb in skeleton.limbs]
    return [
        next((rgb for rgb in SIDE_COLORS.values() if rgb in ends), MIDDLE_COLOR)
        for ends in limbs
    ]


def _line_width(image, joints):
    """The line width in pixels, for an image and a person with these joints."""
    person = np.ptp(joints, axis=0).max() or np.inf  # of a single joint: unknown
    width = min(IMAGE_LINE_RATIO * max(image.shape[:2]), PERSON_LINE_RATIO * person)
    return float(max(MIN_LINE_WIDTH, width))


def _lines(joints, visible, skeleton, width):
    """Yields start, end, radius and color of each visible limb, then of each joint."""
    limbs = map(skeleton.indices, skeleton.limbs)
    for (a, b), rgb in zip(limbs, limb_colors(skeleton)):
        if visible[a] and visible[b]:
            yield joints[a], joints[b], width / 2, rgb
    ratio = JOINT_RADIUS_RATIO if skeleton.limbs else POINT_RADIUS_RATIO
    for rgb, joint, shown in zip(joint_colors(skeleton), joints, visible):
        if shown:
            yield joint, joint, ratio * width, rgb


def draw_line(image, start, end, radius: float, rgb, opacity: float = 1.0):
    """Draws a line with round ends onto an image, in place.

    A line that ends where it starts is a disc.

    Args:
        image: `(height, width, 3)`, uint8.
        start, end: `(2,)`, x before y, in pixels; they may lie outside the image.
        radius: Half of the line's width, in pixels.
        rgb: The color.
        opacity: From 0 to 1.
    """
    reach = radius + EDGE_SOFTNESS + POLYGON_MARGIN
    start, line = _clip_line(
        np.asarray(start, float), np.subtract(end, start), image.shape[1::-1], reach
    )
    columns, rows = _nearby_pixels(image, start, line, reach)
    x, y = ((i - at).astype("float32") for i, at in zip((columns, rows), start))
    dx, dy = line.tolist()
    along = np.clip((x * dx + y * dy) / (dx**2 + dy**2 or 1), 0, 1)
    distance = np.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2)
    coverage = np.clip((radius - distance) / EDGE_SOFTNESS + 0.5, 0, 1)[:, None]
    background = image[rows, columns]
    color = np.array(rgb, "float32")
    image[rows, columns] = np.rint(
        background + (color - background) * (opacity * coverage)
    )


def _clip_line(start, line, size, reach):
    """Clips a line to the image and `reach` pixels around it: start and vector."""
    first, last = 0.0, 1.0
    for place, length, side in zip(start, line, size):
        if length:
            ends = sorted(((-reach - place) / length, (side + reach - place) / length))
            first, last = max(first, ends[0]), min(last, ends[1])
    return start + first * line, max(last - first, 0) * line


def _nearby_pixels(image, start, line, reach):
    """Columns and rows of all pixels within `reach` of a line."""
    ahead = reach * (line / hypot(*line) if line.any() else np.array([1.0, 0.0]))
    aside, end = ahead[::-1] * (-1, 1), start + line
    corners = [start - ahead - aside, start - ahead + aside]
    corners = np.stack([*corners, end + ahead + aside, end + ahead - aside])
    left, top, columns, rows = enclosing_box(corners, *image.shape[1::-1])
    mask = np.zeros((rows, columns), "uint8")
    cv2.fillConvexPoly(mask, np.rint(corners - (left, top)).astype("int32"), 1)
    y, x = np.nonzero(mask.view(bool))
    return x + left, y + top
