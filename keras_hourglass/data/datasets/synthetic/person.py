"""Persons: all parts of a body from back to front, and which joints they hide."""

import numpy as np

from keras_hourglass.data.datasets.synthetic.appearance import head, random_outfit
from keras_hourglass.data.datasets.synthetic.parts import (
    ellipsoid_outlines,
    fill_hull,
    limbs,
    to_fixed,
    torso,
)
from keras_hourglass.skeletons import MPII

PARTS = ("background", "torso", "skirt", "head") + tuple(
    f"{side}_{bone}"
    for side in ("right", "left")
    for bone in ("upper_arm", "forearm", "thigh", "shin")
)
OCCLUDER = len(PARTS)
PART_INDICES = {part: index for index, part in enumerate(PARTS)}
LIT_SIZE = 0.68  # of the lit side, as a share of the part's
JOINT_PARTS = {  # parts that contain a joint; any other part hides it
    "ankle": "shin",
    "knee": "shin thigh skirt",
    "hip": "thigh torso skirt",
    "pelvis": "torso skirt right_thigh left_thigh",
    "thorax": "torso head",
    "upper_neck": "torso head",
    "head_top": "head",
    "wrist": "forearm",
    "elbow": "forearm upper_arm",
    "shoulder": "upper_arm torso",
}


def _contains(part, joint):
    """Returns whether a part does not hide a joint when it lies over it."""
    side, _, name = joint.partition("_")
    if side not in ("right", "left"):
        side, name = "", joint
    own = JOINT_PARTS[name].split()
    return part == "background" or part in own or part.removeprefix(f"{side}_") in own


# SHOWS[joint, part]: whether a joint is visible where that part is frontmost.
SHOWS = np.array([[_contains(part, joint) for part in PARTS] for joint in MPII.joints])
SHOWS = np.pad(SHOWS, ((0, 0), (0, 1)))  # an occluder hides every joint


def draw_person(random, pixels, body, part_map=None):
    """Draws a body in a random outfit.

    Args:
        random: Generator of the outfit.
        pixels: `(height, width, 3)` uint8, modified.
        body: A `Body`, in pixels.
        part_map: `(height, width)` uint8, set to the index in `PARTS` of the frontmost
            part of each pixel.
    """
    outfit = random_outfit(random)
    layers = [*limbs(body, outfit), *torso(body, outfit), *head(body, outfit)]
    layers.sort(key=lambda layer: layer.depth)
    outlines = _outlines(layers, outfit.light)
    for layer in layers:
        for stage in layer.stages:
            shapes = [next(outlines) for _ in stage]
            for part, (outline, _) in zip(stage, shapes, strict=True):
                dark, index = part.color * outfit.shade, PART_INDICES[part.name]
                fill_hull(pixels, outline, dark, part_map, index)
            for part, (_, lit) in zip(stage, shapes, strict=True):
                fill_hull(pixels, lit, part.color)
        for points, color in layer.flat:
            fill_hull(pixels, to_fixed(points), color)


def _outlines(layers, light):
    """Yields for each part the outline points of the part and of its lit side."""
    parts = [part for layer in layers for stage in layer.stages for part in stage]
    solids = [solid for part in parts for solid in part.ellipsoids]
    rims = ellipsoid_outlines(*map(np.array, zip(*solids, strict=True)))
    centers = rims.mean(axis=1, keepdims=True)
    rims = np.stack([rims, rims])
    radius = np.abs(rims[0] - centers).max(axis=(1, 2), keepdims=True)
    rims[1] = centers + LIT_SIZE * (rims[0] - centers) + radius * light
    rims = to_fixed(rims)
    ends = np.cumsum([len(part.ellipsoids) for part in parts]).tolist()
    return (rims[:, start:end] for start, end in zip([0, *ends], ends, strict=False))


def visible_joints(joints, part_map):
    """Returns `(joints,)` bool: whether a joint is in the image and not hidden."""
    height, width = part_map.shape
    x, y = np.rint(joints).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    above = part_map[y.clip(0, height - 1), x.clip(0, width - 1)]
    return inside & SHOWS[np.arange(len(joints)), above]
