"""Body parts: limbs, torso and clothes as convex hulls of ellipsoids.

Also the drawing of such hulls, accurate to a hundredth of a pixel. Points are
`(points, 2)`, x before y, or `(points, 3)`, with z toward the viewer, in pixels whose
centers are whole numbers. Radii are shares of the standing height. Parts in the same
stage are shaded as one, so that no seam marks a joint.
"""

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from keras_hourglass.data.datasets.synthetic.pose import SIDES

BITS = 8  # fractional bits of a coordinate for OpenCV
BLEED = 0.65  # pixels that anti-aliasing adds all around a shape, measured
NUM_CORNERS = 12
CIRCLE = np.linspace(0, 2 * np.pi, NUM_CORNERS, endpoint=False)
CIRCLE = np.stack([np.cos(CIRCLE), np.sin(CIRCLE)], axis=-1)
CIRCLE *= np.sqrt(  # so that the polygon has the circle's area
    2 * np.pi / NUM_CORNERS / np.sin(2 * np.pi / NUM_CORNERS)
)


def ellipsoid_outlines(centers, axes):
    """Projects ellipsoids along z.

    Args:
        centers: `(ellipsoids, 3)`, in pixels.
        axes: `(ellipsoids, 3, 3)`, whose columns are the half axes, in pixels.

    Returns:
        `(ellipsoids, 12, 2)`, points on the outlines.
    """
    flat = axes[:, :2]
    root = np.linalg.cholesky(flat @ flat.transpose(0, 2, 1))
    rim = CIRCLE @ root.transpose(0, 2, 1)
    length = np.sqrt((rim * rim).sum(axis=-1, keepdims=True))
    rim *= np.maximum(length - BLEED, 0.2) / length
    return centers[:, None, :2] + rim


def to_fixed(points):
    """Converts points to OpenCV's fixed-point numbers, for `fill_hull`."""
    return np.rint(points * (1 << BITS)).astype(np.int32)


def fill_hull(image, points, color, part_map=None, index=0):
    """Fills the convex hull of points, anti-aliased.

    Args:
        image: `(height, width, 3)` uint8, modified.
        points: `(..., 2)`, from `to_fixed`.
        color: `(3,)`, RGB, 0 to 255.
        part_map: `(height, width)` uint8, set to `index` within the hull.
        index: Of the part.
    """
    shape = cv2.convexHull(points.reshape(-1, 1, 2))
    color = np.asarray(color).tolist()  # OpenCV takes a list in half the time
    cv2.fillConvexPoly(image, shape, color, cv2.LINE_AA, BITS)
    if part_map is not None:
        cv2.fillConvexPoly(part_map, shape, index, cv2.LINE_8, BITS)


def fill_limb(image, points, radii, color):
    """Draws a limb along a chain of points, tapering with the radii.

    Args:
        image: `(height, width, 3)` uint8, modified.
        points: `(points, 2)`, in pixels.
        radii: `(points,)`, in pixels.
        color: `(3,)`, RGB, 0 to 255.
    """
    radii = np.maximum(np.subtract(radii, BLEED), 0.2)
    rims = to_fixed(np.asarray(points)[:, None] + radii[:, None, None] * CIRCLE)
    for end in range(1, len(rims)):
        fill_hull(image, rims[end - 1 : end + 1], color)


LEG_RADII = np.array([0.058, 0.037, 0.023])  # at hip, knee and ankle
ARM_RADII = np.array([0.035, 0.026, 0.018])  # at shoulder, elbow and wrist
HAND_RADII, FOOT_RADII = (0.02, 0.015), (0.024, 0.017)
FOLDED_COSINE = -0.2  # of a projected limb: below it, its bones are separate layers


class Part(NamedTuple):
    """The convex hull of ellipsoids in one color.

    Attributes:
        name: One of `person.PARTS`.
        color: `(3,)`, RGB, 0 to 255.
        ellipsoids: Of (center `(3,)`, half axes as columns `(3, 3)`), in pixels.
    """

    name: str
    color: np.ndarray
    ellipsoids: list


class Layer(NamedTuple):
    """Parts at one depth.

    Attributes:
        depth: Greater is closer to the viewer.
        stages: Lists of parts, drawn in order, each shaded as one.
        flat: (points, color) of shapes that are drawn last, without shading.
    """

    depth: float
    stages: list
    flat: tuple = ()


def sphere(center, radius):
    return center, radius * np.eye(3)


def limb(
    body, side, ends, radii, tip, parts, skin, cloth, length, looseness, tip_color
):
    """Makes the layers of an arm or a leg: one, or two where it is folded.

    Args:
        body: A `Body`, in pixels.
        side: "right" or "left".
        ends: Names of the limb's three joints.
        radii: At the three joints, in standing heights.
        tip: Ellipsoids of the hand or foot.
        parts: Names of the upper and the lower part.
        skin, cloth, tip_color: Colors.
        length: Of the sleeve or trouser leg, in bones, 0 to 2.
        looseness: Radius of the cloth, as a multiple of the limb's.
    """
    a, b, c = (body.points[f"{side}_{end}"] for end in ends)
    radii = (radii * body.height).tolist()
    upper, lower = [], []
    for bone, name, start, end, near, far, covered in (
        (upper, parts[0], a, b, radii[0], radii[1], length),
        (lower, parts[1], b, c, radii[1], radii[2], length - 1),
    ):
        covered = min(max(covered, 0.0), 1.0)
        if covered < 1:
            bone.append([Part(name, skin, [sphere(start, near), sphere(end, far)])])
        if covered > 0:
            hem_radius = looseness * (near + covered * (far - near))
            hem = sphere(start + covered * (end - start), hem_radius)
            bone.append([Part(name, cloth, [sphere(start, looseness * near), hem])])
    lower.insert(0, [Part(parts[1], tip_color, tip)])
    depths = (a + b)[2] / 2, (b + c)[2] / 2
    first, second = (b - a)[:2], (c - b)[:2]
    if first @ second < FOLDED_COSINE * ((first @ first) * (second @ second)) ** 0.5:
        return [Layer(depths[0], upper), Layer(depths[1], lower)]
    bones = (upper, lower) if depths[0] < depths[1] else (lower, upper)
    stages = [part for bone in bones for stage in bone for part in stage]
    # Skin first, then cloth: sleeves cover arms, trouser legs cover shoes.
    bare = [part for part in stages if part.color is not cloth]
    clothed = [part for part in stages if part.color is cloth]
    return [Layer(0.4 * depths[0] + 0.6 * depths[1], [bare, clothed])]


def limbs(body, outfit):
    """Yields the layers of both arms and both legs."""
    arm = (
        *(("shoulder", "elbow", "wrist"), ARM_RADII, ("upper_arm", "forearm")),
        *(("wrist", "hand"), HAND_RADII, outfit.skin),
        *(outfit.shirt, outfit.sleeve_length),
    )
    leg = (
        *(("hip", "knee", "ankle"), LEG_RADII, ("thigh", "shin")),
        *(("heel", "toes"), FOOT_RADII, outfit.shoes),
        *(outfit.trousers, outfit.trouser_length),
    )
    for side in SIDES:
        for ends, radii, bones, tip_ends, tip_radii, tip_color, *cloth in (arm, leg):
            tip = [
                sphere(body.points[f"{side}_{end}"], body.height * radius)
                for end, radius in zip(tip_ends, tip_radii)
            ]
            yield from limb(
                *(body, side, ends, radii * outfit.girth, tip),
                *([f"{side}_{bone}" for bone in bones], outfit.skin),
                *(*cloth, outfit.looseness, tip_color),
            )


def torso(body, outfit):
    """Yields the layers of shirt, neck and hips, and of a skirt where one is worn."""
    at, height = body.points, body.height
    width = height * outfit.girth * outfit.looseness**0.5
    pelvis, chest = body.frames["pelvis"], body.frames["chest"]
    middle = (at["thorax"] + at["waist"]) / 2
    low = 0.7 * at["pelvis"] + 0.3 * at["waist"]
    hips = at["pelvis"], pelvis * (width * np.array([0.082, 0.05, 0.062]))
    hem = low, pelvis * (width * np.array([0.078, 0.035, 0.06]))
    waist = at["waist"], chest * (width * np.array([0.066, 0.04, 0.05]))
    ribs = middle, chest * (width * np.array([0.08, 0.05, 0.06]))
    top = at["thorax"], chest * (height * np.array([0.06, 0.03, 0.04]))
    shoulders = [sphere(at[f"{side}_shoulder"], 0.034 * width) for side in SIDES]
    shirt = [
        Part("torso", outfit.shirt, [hem, waist]),
        Part("torso", outfit.shirt, [waist, ribs]),
        Part("torso", outfit.shirt, [ribs, top, *shoulders]),
    ]
    neck = [
        sphere(at["thorax"], 0.026 * height),
        sphere(at["upper_neck"], 0.03 * height),
    ]
    neck = Part("torso", outfit.skin, neck)
    stages = [shirt, [neck]] if chest[2, 2] > 0 else [[neck], shirt]
    if outfit.stripes is not None:
        stages.insert(stages.index(shirt) + 1, _stripes(outfit, [hem, waist, ribs]))
    depth = (at["pelvis"] + at["thorax"])[2] / 2
    yield Layer(depth + 0.02 * height, stages)
    seat = Part("torso", outfit.trousers, [hips, hem])
    yield Layer(at["pelvis"][2] - 0.03 * height, [[seat]])
    if outfit.skirt:
        reach = 0.5 + outfit.trouser_length / 2
        cloth, depths = [hips, hem], [at["pelvis"][2]]
        for side in SIDES:
            thigh = reach * at[f"{side}_knee"] + (1 - reach) * at[f"{side}_hip"]
            cloth.append(sphere(thigh, 0.055 * width))
            depths.append(
                (at[f"{side}_hip"] + at[f"{side}_knee"])[2] / 2 + 0.01 * height
            )
        yield Layer(max(depths), [[Part("skirt", outfit.trousers, cloth)]])


def _stripes(outfit, sections):
    """Makes bands across the shirt, between its sections."""
    stripes = []
    for (a, first), (b, second) in pairwise(sections):
        for share in (0.15, 0.65):
            frame = (first + share * (second - first)) * (1.0, 0.25, 1.0)
            stripes.append(
                Part("torso", outfit.stripes, [(a + share * (b - a), frame)])
            )
    return stripes
