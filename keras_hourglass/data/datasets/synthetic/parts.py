"""The brush: convex shapes, painted where they are to a hundredth of a pixel.

Points are `(points, 2)`, x before y, in pixels whose centers are whole numbers.

A body's parts, from the trunk to the shoes, as hulls of ellipsoids.

Radii are shares of the standing height. What is made here is in pixels, z toward
the viewer. Parts that share a stage are shaded as one, so that no seam marks a joint.
"""

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from keras_hourglass.data.datasets.synthetic.pose import SIDES

BITS = 8  # binary places that OpenCV is given of a coordinate
BLEED = 0.65  # pixels that its smooth edge adds all around a shape, measured
CORNERS = 12
ROUND = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
ROUND = np.stack([np.cos(ROUND), np.sin(ROUND)], axis=-1)
ROUND *= np.sqrt(2 * np.pi / CORNERS / np.sin(2 * np.pi / CORNERS))  # a circle's area


def ellipses(centers, axes):
    """The outlines of ellipsoids, seen along z.

    Args:
        centers: `(ellipsoids, 3)`, in pixels.
        axes: `(ellipsoids, 3, 3)`, whose columns are the half axes, in pixels.

    Returns:
        `(ellipsoids, 12, 2)`, points on the outline.
    """
    flat = axes[:, :2]
    root = np.linalg.cholesky(flat @ flat.transpose(0, 2, 1))
    rim = ROUND @ root.transpose(0, 2, 1)
    length = np.sqrt((rim * rim).sum(axis=-1, keepdims=True))
    rim *= np.maximum(length - BLEED, 0.2) / length
    return centers[:, None, :2] + rim


def fixed(points):
    """Points in OpenCV's whole numbers, for `fill`."""
    return np.rint(points * (1 << BITS)).astype(np.int32)


def fill(image, points, color, top=None, number=0):
    """Fills the convex hull of `(..., 2)` points that are `fixed`, edges smooth.

    In `top`, `(height, width)` uint8, the pixels inside are set to `number`.
    """
    shape = cv2.convexHull(points.reshape(-1, 1, 2))
    color = np.asarray(color).tolist()  # OpenCV takes a list in half the time
    cv2.fillConvexPoly(image, shape, color, cv2.LINE_AA, BITS)
    if top is not None:
        cv2.fillConvexPoly(top, shape, number, cv2.LINE_8, BITS)


def fill_limb(image, points, radii, color):
    """Paints limbs from each of some points to the next, tapering with the radii.

    Args:
        image: `(height, width, 3)` uint8, painted over.
        points: `(points, 2)`, in pixels.
        radii: `(points,)`, in pixels.
        color: `(3,)`, RGB, 0 to 255.
    """
    radii = np.maximum(np.subtract(radii, BLEED), 0.2)
    rims = fixed(np.asarray(points)[:, None] + radii[:, None, None] * ROUND)
    for end in range(1, len(rims)):
        fill(image, rims[end - 1 : end + 1], color)


LEG = np.array([0.058, 0.037, 0.023])  # at the hip, the knee, the ankle
ARM = np.array([0.035, 0.026, 0.018])
HAND, FOOT = (0.02, 0.015), (0.024, 0.017)
BALL = np.eye(3)
FOLDED = -0.2  # the cosine of the bend, in the picture, from which a limb is two


class Part(NamedTuple):
    """The hull of some ellipsoids, `(center, half axes as columns)`, in one color."""

    name: str
    color: np.ndarray
    ellipsoids: list


class Layer(NamedTuple):
    """What is painted at once: stages in their order, of parts shaded as one."""

    depth: float
    stages: list
    flat: tuple = ()  # (points, color) that are painted last, without shading


def ball(center, radius):
    return center, radius * BALL


def limb(body, side, ends, radii, tip, parts, skin, dress, cover, loose, tip_color):
    """The layers of an arm or a leg: one, or two where it is folded."""
    a, b, c = (body.points[f"{side}_{end}"] for end in ends)
    radii = (radii * body.height).tolist()
    upper, lower = [], []
    for bone, name, start, end, near, far, done in (
        (upper, parts[0], a, b, radii[0], radii[1], cover),
        (lower, parts[1], b, c, radii[1], radii[2], cover - 1),
    ):
        done = min(max(done, 0.0), 1.0)
        if done < 1:
            bone.append([Part(name, skin, [ball(start, near), ball(end, far)])])
        if done > 0:
            cut = start + done * (end - start), loose * (near + done * (far - near))
            bone.append([Part(name, dress, [ball(start, loose * near), ball(*cut)])])
    lower.insert(0, [Part(parts[1], tip_color, tip)])
    depths = (a + b)[2] / 2, (b + c)[2] / 2
    first, second = (b - a)[:2], (c - b)[:2]
    if first @ second < FOLDED * ((first @ first) * (second @ second)) ** 0.5:
        return [Layer(depths[0], upper), Layer(depths[1], lower)]
    bones = (upper, lower) if depths[0] < depths[1] else (lower, upper)
    stages = [part for bone in bones for stage in bone for part in stage]
    # Skin first, then cloth: a sleeve lies on the arm, a trouser on the shoe.
    bare = [part for part in stages if part.color is not dress]
    clad = [part for part in stages if part.color is dress]
    return [Layer(0.4 * depths[0] + 0.6 * depths[1], [bare, clad])]


def limbs(body, wear):
    """The layers of both arms and both legs."""
    at, tall, girth = body.points, body.height, wear.girth
    for side in SIDES:
        hand = [
            ball(at[f"{side}_wrist"], tall * HAND[0]),
            ball(at[f"{side}_hand"], tall * HAND[1]),
        ]
        yield from limb(
            *(body, side, ("shoulder", "elbow", "wrist"), ARM * girth),
            *(hand, (f"{side}_upper_arm", f"{side}_forearm")),
            *(wear.skin, wear.shirt, wear.sleeve, wear.loose, wear.skin),
        )
        foot = [
            ball(at[f"{side}_heel"], tall * FOOT[0]),
            ball(at[f"{side}_toes"], tall * FOOT[1]),
        ]
        yield from limb(
            *(body, side, ("hip", "knee", "ankle"), LEG * girth),
            *(foot, (f"{side}_thigh", f"{side}_shin")),
            *(wear.skin, wear.trousers, wear.trouser, wear.loose, wear.shoes),
        )


def trunk(body, wear):
    """The layers of hips, shirt, neck and, where one is worn, skirt."""
    at, tall = body.points, body.height
    wide = tall * wear.girth * wear.loose**0.5
    pelvis, chest = body.frames["pelvis"], body.frames["chest"]
    middle = (at["thorax"] + at["waist"]) / 2
    low = 0.7 * at["pelvis"] + 0.3 * at["waist"]
    hips = at["pelvis"], pelvis * (wide * np.array([0.082, 0.05, 0.062]))
    hem = low, pelvis * (wide * np.array([0.078, 0.035, 0.06]))
    waist = at["waist"], chest * (wide * np.array([0.066, 0.04, 0.05]))
    ribs = middle, chest * (wide * np.array([0.08, 0.05, 0.06]))
    top = at["thorax"], chest * (tall * np.array([0.06, 0.03, 0.04]))
    shoulders = [ball(at[f"{side}_shoulder"], 0.034 * wide) for side in SIDES]
    shirt = [
        Part("trunk", wear.shirt, [hem, waist]),
        Part("trunk", wear.shirt, [waist, ribs]),
        Part("trunk", wear.shirt, [ribs, top, *shoulders]),
    ]
    neck = [ball(at["thorax"], 0.026 * tall), ball(at["upper_neck"], 0.03 * tall)]
    neck = Part("trunk", wear.skin, neck)
    stages = [shirt, [neck]] if chest[2, 2] > 0 else [[neck], shirt]
    if wear.stripes is not None:
        stages.insert(stages.index(shirt) + 1, _stripes(wear, [hem, waist, ribs]))
    depth = (at["pelvis"] + at["thorax"])[2] / 2
    yield Layer(depth + 0.02 * tall, stages)
    seat = Part("trunk", wear.trousers, [hips, hem])
    yield Layer(at["pelvis"][2] - 0.03 * tall, [[seat]])
    if wear.skirt:
        reach = 0.5 + wear.trouser / 2
        cloth, depths = [hips, hem], [at["pelvis"][2]]
        for side in SIDES:
            thigh = reach * at[f"{side}_knee"] + (1 - reach) * at[f"{side}_hip"]
            cloth.append(ball(thigh, 0.055 * wide))
            depths.append((at[f"{side}_hip"] + at[f"{side}_knee"])[2] / 2 + 0.01 * tall)
        yield Layer(max(depths), [[Part("skirt", wear.trousers, cloth)]])


def _stripes(wear, sections):
    """Bands across the shirt, between its sections."""
    stripes = []
    for (a, first), (b, second) in pairwise(sections):
        for share in (0.15, 0.65):
            frame = (first + share * (second - first)) * (1.0, 0.25, 1.0)
            stripes.append(Part("trunk", wear.stripes, [(a + share * (b - a), frame)]))
    return stripes
