"""Poses: three-dimensional bodies with joint angles in human ranges, from any view.

A body is built in coordinates of its own: x to its left, y up, z to its front. Viewed,
x is right and y down in the image, and z points to the viewer. Lengths are shares of
the standing height. Angles are in degrees, sampled between two bounds.
"""

import math
from typing import NamedTuple

import numpy as np

from keras_hourglass.skeletons import MPII

LENGTHS = {
    "foot": 0.04,  # from the sole to the ankle
    "shin": 0.245,
    "thigh": 0.245,
    "loin": 0.13,  # from the pelvis to the waist
    "chest": 0.16,  # from the waist to the thorax
    "neck": 0.055,
    "head": 0.125,
    "upper_arm": 0.172,
    "forearm": 0.148,
    "hand": 0.07,
    "toes": 0.11,
    "hips": 0.052,  # from the pelvis to a hip
    "shoulders": 0.1,  # from the thorax to a shoulder
}
HEIGHT = ("foot", "shin", "thigh", "loin", "chest", "neck", "head")


class Legs(NamedTuple):
    """A posture of torso and legs, as bounds of angles.

    Attributes:
        share: Of the people in this posture.
        bend: Of the torso, to the front.
        spread: Of the legs, to the sides.
        first, second: Of hip and knee, of either leg.
    """

    share: float
    bend: tuple
    spread: tuple
    first: tuple
    second: tuple


POSTURES = (
    Legs(0.26, (-5, 10), (0, 14), ((-5, 15), (0, 15)), ((-5, 15), (0, 15))),  # stand
    Legs(0.20, (0, 12), (-3, 8), ((10, 40), (0, 30)), ((-25, 0), (5, 60))),  # walk
    Legs(0.10, (5, 25), (-3, 10), ((30, 90), (30, 110)), ((-25, 5), (20, 110))),  # run
    Legs(0.15, (-15, 20), (0, 30), *[((65, 100), (50, 110))] * 2),  # sit
    Legs(0.08, (5, 35), (0, 30), ((85, 125), (90, 145)), ((30, 125), (80, 145))),
    Legs(0.09, (25, 70), (0, 20), *[((0, 45), (0, 30))] * 2),  # lean
    Legs(0.12, (-20, 20), (0, 45), ((-20, 80), (5, 110)), ((-30, 70), (5, 110))),
)
SHARES = np.cumsum([legs.share for legs in POSTURES])

ARMS = (  # share; bounds of the bend to the front, lift, turn inwards and elbow
    (0.27, (-20, 30), (4, 20), (-20, 50), (0, 45)),  # hanging
    (0.09, (-35, -5), (30, 55), (40, 75), (70, 120)),  # hands on the hips
    (0.17, (30, 110), (-15, 40), (-30, 50), (0, 120)),  # reaching
    (0.18, (-10, 40), (60, 165), (-90, 40), (0, 120)),  # lifted sideways
    (0.06, (15, 45), (-5, 15), (50, 80), (80, 115)),  # folded
    (0.23, (-40, 165), (-5, 60), (-60, 80), (0, 140)),  # anywhere
)
ARM_SHARES = np.cumsum([arm[0] for arm in ARMS])


STEP_SWING, KNEE_BEND = 24.0, 45.0  # degrees, of hips and knees of who walks

SIDES = {"right": -1, "left": 1}
DOWN, FORWARD = np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])


class Body(NamedTuple):
    """A viewed body.

    Attributes:
        points: Name -> position `(3,)` of all joints, the waist, hands, heels and toes.
        frames: "pelvis", "chest" and "head" -> their axes, columns of `(3, 3)`.
        height: Standing height.
    """

    points: dict
    frames: dict
    height: float = 1.0

    @property
    def joints(self):
        return np.array([self.points[name] for name in MPII.joints])

    def placed(self, middle, height):
        """Scales the body to pixels, its joints' box centered on `middle`."""
        joints = self.joints[:, :2]
        shift = middle - height * (joints.min(axis=0) + joints.max(axis=0)) / 2
        points = height * np.array(list(self.points.values()))
        points[:, :2] += shift
        return Body(dict(zip(self.points, points, strict=True)), self.frames, height)


def rotation(flex=0.0, twist=0.0, side=0.0):
    """Makes a rotation `(3, 3)`: around y, then around x, then around z."""
    flex, twist, side = math.radians(flex), math.radians(twist), math.radians(side)
    cx, sx = math.cos(flex), math.sin(flex)
    cy, sy = math.cos(twist), math.sin(twist)
    cz, sz = math.cos(side), math.sin(side)
    return np.array(
        [
            [cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy],
            [sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy],
            [-cx * sy, sx, cx * cy],
        ]
    )


def sample_pose(random) -> Body:
    """Samples a body of random build, posture and view."""
    length = _lengths(random)
    legs = POSTURES[np.searchsorted(SHARES, random.random() * SHARES[-1])]
    points, frames = _torso(random, length, legs)
    _arms(random, length, points, frames["chest"], _sample_arms(random))
    _legs(random, length, points, legs)
    return _viewed(points, frames, _view(random))


def walking_pose(random, phase: float, turn: float) -> Body:
    """Samples a body of random build that walks.

    Args:
        random: Generator of the build; its state decides how the person carries
            themselves, so a new one of the same seed gives the same person.
        phase: Of the steps, in radians.
        turn: Degrees by which the person is turned to their left, seen from ahead.
    """
    length, swing = _lengths(random), STEP_SWING * math.sin(phase)
    knees = [KNEE_BEND * max(0, step * math.cos(phase)) + 5 for step in (1, -1)]
    legs = [((step * swing,) * 2, (knee,) * 2) for step, knee in zip((1, -1), knees)]
    arms = [((-0.7 * step * swing,) * 2, (6, 6), (5, 5), (15, 15)) for step in (1, -1)]
    posture = Legs(1.0, (3, 3), (2, 2), *legs)
    points, frames = _torso(random, length, posture)
    _arms(random, length, points, frames["chest"], arms)
    _legs(random, length, points, posture)
    return _viewed(points, frames, rotation(4, turn))


def _lengths(random):
    """Samples lengths of parts, as shares of the standing height."""
    factors = random.normal(1, 0.06, len(LENGTHS)).clip(0.85, 1.15)
    length = dict(zip(LENGTHS, factors * list(LENGTHS.values()), strict=True))
    tall = sum(length[part] for part in HEIGHT)
    return {part: value / tall for part, value in length.items()}


def _viewed(points, frames, view):
    """Makes the body that is seen by a rotation."""
    view = np.diag([1.0, -1.0, 1.0]) @ view
    viewed = np.array(list(points.values())) @ view.T
    points = dict(zip(points, viewed, strict=True))
    return Body(points, {name: view @ axes for name, axes in frames.items()})


def _view(random):
    """Samples a rotation: from any side, slightly tilted; some people lie or hang."""
    roll = random.normal(0, 4)
    if random.random() < 0.07:
        roll = random.uniform(50, 310)
    return rotation(random.normal(5, 8), random.uniform(0, 360), roll)


def _between(random, bounds):
    return [random.uniform(*pair) for pair in bounds]


def _torso(random, length, legs):
    flex = random.uniform(*legs.bend)
    twist, side = random.normal(0, 12), random.normal(0, 6)
    loin = rotation(0.4 * flex, 0.4 * twist, 0.4 * side)
    chest = rotation(flex, twist, side)
    gaze = rotation(random.normal(0, 12), min(max(random.normal(0, 28), -65), 65))
    head = chest @ rotation(-0.4 * flex, 0, random.normal(0, 6)) @ gaze
    points = {"pelvis": np.zeros(3)}
    points["waist"] = -length["loin"] * (loin @ DOWN)
    points["thorax"] = points["waist"] - length["chest"] * (chest @ DOWN)
    neck = (chest + head) @ (0.18 * FORWARD - 0.5 * DOWN)
    points["upper_neck"] = points["thorax"] + length["neck"] * neck
    points["head_top"] = points["upper_neck"] - length["head"] * (head @ DOWN)
    return points, {"pelvis": np.eye(3), "chest": chest, "head": head}


def _sample_arms(random):
    """Samples the bounds of the angles of both arms."""
    kinds = np.searchsorted(ARM_SHARES, random.random(2) * ARM_SHARES[-1])
    if random.random() < 0.45:
        kinds[1] = kinds[0]
    return [ARMS[kind][1:] for kind in kinds]


def _arms(random, length, points, chest, arms):
    for bounds, (name, side) in zip(arms, SIDES.items(), strict=True):
        flex, lift, inwards, elbow = _between(random, bounds)
        raised = max(lift, flex - 30, 0) / 150  # the shoulder blade moves, too
        shoulder = np.array(
            [side * length["shoulders"] * (1 - 0.15 * raised), 0.035 * raised - 0.01, 0]
        )
        upper = chest @ rotation(-flex, -side * inwards, side * lift)
        lower = upper @ rotation(-elbow)
        hand = lower @ rotation(random.uniform(-30, 30))
        at = points["thorax"] + chest @ shoulder
        points[f"{name}_shoulder"] = at
        points[f"{name}_elbow"] = at = at + length["upper_arm"] * (upper @ DOWN)
        points[f"{name}_wrist"] = at = at + length["forearm"] * (lower @ DOWN)
        points[f"{name}_hand"] = at + length["hand"] * (hand @ DOWN)


def _legs(random, length, points, legs):
    order = [legs.first, legs.second]
    if random.random() < 0.5:
        order.reverse()
    for bounds, (name, side) in zip(order, SIDES.items(), strict=True):
        flex, knee = _between(random, bounds)
        spread, inwards = random.uniform(*legs.spread), random.normal(-6, 8)
        thigh = rotation(-flex, -side * inwards, side * spread)
        shin = thigh @ rotation(knee)
        foot = shin @ rotation(random.uniform(5, 30))
        at = points["pelvis"] + side * length["hips"] * np.array([1.0, 0, 0])
        points[f"{name}_hip"] = at
        points[f"{name}_knee"] = at = at + length["thigh"] * (thigh @ DOWN)
        points[f"{name}_ankle"] = at = at + length["shin"] * (shin @ DOWN)
        sole = length["foot"] * 0.5 * (foot @ DOWN)
        points[f"{name}_heel"] = at + sole - 0.02 * (foot @ FORWARD)
        points[f"{name}_toes"] = at + sole + length["toes"] * (foot @ FORWARD)
