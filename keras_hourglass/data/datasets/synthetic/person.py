"""One person on a picture, from back to front, and what hides which joint."""

import numpy as np

from keras_hourglass.data.datasets.synthetic.appearance import head, outfit
from keras_hourglass.data.datasets.synthetic.parts import (
    ellipses,
    fill,
    fixed,
    limbs,
    trunk,
)
from keras_hourglass.skeletons import MPII

PARTS = ("nothing", "trunk", "skirt", "head") + tuple(
    f"{side}_{bone}"
    for side in ("right", "left")
    for bone in ("upper_arm", "forearm", "thigh", "shin")
)
OCCLUDER = len(PARTS)
NUMBERS = {part: number for number, part in enumerate(PARTS)}
BRIGHT = 0.68  # the bright side's size, as a share of the part's
PARTS_OF = {  # those that show a joint; any other part hides it
    "ankle": "shin",
    "knee": "shin thigh skirt",
    "hip": "thigh trunk skirt",
    "pelvis": "trunk skirt right_thigh left_thigh",
    "thorax": "trunk head",
    "upper_neck": "trunk head",
    "head_top": "head",
    "wrist": "forearm",
    "elbow": "forearm upper_arm",
    "shoulder": "upper_arm trunk",
}


def _shows(joint, part):
    side, _, name = joint.partition("_")
    if side not in ("right", "left"):
        side, name = "", joint
    own = PARTS_OF[name].split()
    return part == "nothing" or part in own or part.removeprefix(f"{side}_") in own


SHOWS = np.array([[_shows(joint, part) for part in PARTS] for joint in MPII.joints])
SHOWS = np.pad(SHOWS, ((0, 0), (0, 1)))  # an occluder shows nothing


def paint(random, pixels, body, top=None):
    """Paints a body in clothes of its own.

    Args:
        random: The generator that clothes and colors come from.
        pixels: `(height, width, 3)` uint8, painted over.
        body: A `Body`, in pixels.
        top: `(height, width)` uint8, set to the index in `PARTS` of what is on top.
    """
    wear = outfit(random)
    layers = [*limbs(body, wear), *trunk(body, wear), *head(body, wear)]
    layers.sort(key=lambda layer: layer.depth)
    outlines = _outlines(layers, wear.light)
    for layer in layers:
        for stage in layer.stages:
            shapes = [next(outlines) for _ in stage]
            for part, (outline, _) in zip(stage, shapes, strict=True):
                dark, number = part.color * wear.shade, NUMBERS[part.name]
                fill(pixels, outline, dark, top, number)
            for part, (_, bright) in zip(stage, shapes, strict=True):
                fill(pixels, bright, part.color)
        for points, color in layer.flat:
            fill(pixels, fixed(points), color)


def _outlines(layers, light):
    """For each part, all points of its outline and of its bright side."""
    parts = [part for layer in layers for stage in layer.stages for part in stage]
    solids = [solid for part in parts for solid in part.ellipsoids]
    rims = ellipses(*map(np.array, zip(*solids, strict=True)))
    centers = rims.mean(axis=1, keepdims=True)
    rims = np.stack([rims, rims])
    radius = np.abs(rims[0] - centers).max(axis=(1, 2), keepdims=True)
    rims[1] = centers + BRIGHT * (rims[0] - centers) + radius * light
    rims = fixed(rims)
    ends = np.cumsum([len(part.ellipsoids) for part in parts]).tolist()
    return (rims[:, start:end] for start, end in zip([0, *ends], ends, strict=False))


def visible(joints, top):
    """`(joints,)` bool: whether a joint is on the picture and nothing hides it."""
    height, width = top.shape
    x, y = np.rint(joints).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    above = top[y.clip(0, height - 1), x.clip(0, width - 1)]
    return inside & SHOWS[np.arange(len(joints)), above]
