"""Synthetic photographs: several rendered people in an image, with their boxes."""

from typing import NamedTuple

import numpy as np

from keras_hourglass.data.datasets.synthetic import keep_first, parse_count
from keras_hourglass.data.datasets.synthetic.person import draw_person
from keras_hourglass.data.datasets.synthetic.pose import SIDES, Body, sample_pose
from keras_hourglass.data.datasets.synthetic.scene import apply_camera, draw_background
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import box_iou

DEFAULT_COUNT, VALIDATION_COUNT = 1200, 120  # photographs
SEEDS = {"train": 2, "val": 3}  # apart from those of single people
IMAGE_SIZE = 256  # pixels of the longer side
MIN_ASPECT = 0.65  # shorter to longer side
PEOPLE_SHARES = (0.1, 0.35, 0.3, 0.15, 0.1)  # of the images with 0, 1, 2, ... people
HEIGHTS = 0.25, 0.95  # of standing people, as shares of the shorter side
# Lines along a body, whose extent is that of its box.
SPINE = "pelvis", "waist", "thorax", "upper_neck"
ARM = "shoulder", "elbow", "wrist", "hand"
LEG = "hip", "knee", "ankle", "heel", "toes"
LINES = (SPINE, *[[f"{s}_{n}" for n in line] for s in SIDES for line in (ARM, LEG)])
STEPS = np.linspace(0, 1, 9)[:, None, None]  # of each piece of a line
FLESH = 0.02  # around a line, as a share of the standing height
HEAD = 0.065  # around the middle of the head
MAX_IOU = 0.4  # of two people's boxes: further ones are left out


class Scene(NamedTuple):
    """People of an image that is not drawn yet.

    Attributes:
        size: Width and height, pixels.
        bodies: From the farthest to the nearest.
        boxes: `(people, 4)`, x, y, width, height, pixels, within the image.
    """

    size: tuple[int, int]
    bodies: list[Body]
    boxes: np.ndarray


def load_synthetic_photographs(root=None) -> Photographs:
    """Loads synthetic photographs for training, and others for validation.

    Args:
        root: Number of photographs for training, in place of a folder.
    """
    counts = {
        "train": parse_count(root, DEFAULT_COUNT, "photographs"),
        "val": VALIDATION_COUNT,
    }
    splits = [split for split, count in counts.items() for _ in range(count)]
    indices = [index for count in counts.values() for index in range(count)]
    scenes = [sample_scene(SEEDS[s], index) for s, index in zip(splits, indices)]
    return Photographs(
        images=[f"{split} {index}" for split, index in zip(splits, indices)],
        sizes=[scene.size for scene in scenes],
        splits=splits,
        boxes=[scene.boxes for scene in scenes],
        is_crowd=[np.zeros(len(scene.boxes), bool) for scene in scenes],
        readers=[read_photograph] * len(scenes),
    )


@keep_first
def read_photograph(image: str) -> np.ndarray:
    """Draws the pixels of an image that `load_synthetic_photographs` names."""
    split, index = image.split()
    return draw_scene(SEEDS[split], int(index))


def sample_scene(seed: int, index: int) -> Scene:
    """Samples the people of an image without drawing it, by two numbers alone."""
    random = np.random.default_rng((seed, index))
    short = round(IMAGE_SIZE * random.uniform(MIN_ASPECT, 1))
    size = (short, IMAGE_SIZE) if random.random() < 0.4 else (IMAGE_SIZE, short)
    count = random.choice(len(PEOPLE_SHARES), p=PEOPLE_SHARES)
    bodies, boxes = [], np.zeros((0, 4), "float32")
    for height in np.sort(short * random.uniform(*HEIGHTS, count))[::-1]:
        middle = random.uniform(0.15, 0.85, 2) * size
        body = sample_pose(random).placed(middle, height)
        box = box_of_body(body, size)
        if not (box_iou(box, boxes, NUMPY) > MAX_IOU).any():
            bodies.append(body)
            boxes = np.vstack([boxes, box])
    return Scene(size, bodies[::-1], boxes[::-1])


def box_of_body(body: Body, size: tuple[int, int]) -> np.ndarray:
    """Computes the box `(4,)` around what of a body lies on the image."""
    at = {name: point[:2] for name, point in body.points.items()}
    starts = np.array([at[name] for line in LINES for name in line[:-1]])
    ends = np.array([at[name] for line in LINES for name in line[1:]])
    points = (starts + STEPS * (ends - starts)).reshape(-1, 2)
    margins = np.full((len(points), 1), FLESH * body.height)
    head = (at["upper_neck"] + at["head_top"]) / 2
    points = np.vstack([points, head])
    margins = np.vstack([margins, [HEAD * body.height]])
    last = np.subtract(size, 1)
    inside = ((points > -margins) & (points < last + margins)).all(axis=1)
    inside |= ~inside.any()
    low = (points - margins)[inside].min(axis=0)
    high = (points + margins)[inside].max(axis=0)
    low = np.clip(low, -0.5, last - 0.5)
    high = np.clip(high, low + 1, last + 0.5)
    return np.concatenate([low + 0.5, high - low]).astype("float32")


def draw_scene(seed: int, index: int) -> np.ndarray:
    """Draws an image, `(height, width, 3)`, uint8, RGB: a function of two numbers."""
    scene = sample_scene(seed, index)
    random = np.random.default_rng((seed, index, 1))
    width, height = scene.size
    pixels = draw_background(random, IMAGE_SIZE)
    for body in scene.bodies:
        draw_person(random, pixels, body)
    return apply_camera(random, pixels)[:height, :width]
