"""One picture of one person, whole."""

import numpy as np

from keras_hourglass.data.datasets.synthetic import person, scene
from keras_hourglass.data.datasets.synthetic.pose import Body, pose

SIZE = 192  # columns and rows of a picture, unless another is asked for
WINDOW = 1.5  # the picture's side, in windows that a network is given
STANDING = 0.8  # the standing height, in windows
BYSTANDERS, OCCLUDERS = 0.15, 0.36  # shares of the pictures that have one


def posed(seed: int, index: int, size: int = SIZE) -> Body:
    """The body on a picture, without the work of painting it; see `draw`."""
    random = np.random.default_rng((seed, index))
    window, middle = size / WINDOW, np.full(2, (size - 1) / 2)
    height = STANDING * window * random.uniform(0.85, 1.15)
    middle = middle + random.normal(0, 0.02, 2) * window
    return pose(random).placed(middle, height)


def draw(seed: int, index: int, size: int = SIZE):
    """One picture of a person, the same whenever and wherever it is drawn.

    Args:
        seed: Which endless row of pictures.
        index: Which picture of the row.
        size: Columns and rows of the picture.

    Returns:
        pixels: `(size, size, 3)` uint8, RGB.
        joints: `(16, 2)` float64, MPII's joints, x before y, in pixels.
        visible: `(16,)` bool, False where something hides a joint, or it is outside.
    """
    body, random = posed(seed, index, size), np.random.default_rng((seed, index, 1))
    pixels = scene.background(random, size)
    if random.random() < BYSTANDERS:
        window, middle = size / WINDOW, np.full(2, (size - 1) / 2)
        beside = np.array([random.uniform(0.55, 0.75), random.uniform(-0.2, 0.2)])
        beside = middle + beside * window * (1 if random.random() < 0.5 else -1, 1)
        height = STANDING * window * random.uniform(0.7, 1.1)
        person.paint(random, pixels, pose(random).placed(beside, height))
    top = np.zeros((size, size), "uint8")
    person.paint(random, pixels, body, top)
    joints = body.joints[:, :2]
    if random.random() < OCCLUDERS:
        scene.occlude(random, pixels, joints, top, person.OCCLUDER)
    return scene.finish(random, pixels), joints, person.visible(joints, top)
