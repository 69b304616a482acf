"""How people are built and how they hold themselves: the bounds that poses keep.

Lengths are shares of the standing height. Angles are degrees, each between two bounds.
"""

from typing import NamedTuple

import numpy as np

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
    """How one leg is held, how the other is, and what the trunk does meanwhile."""

    share: float
    bend: tuple  # of the trunk, to the front
    spread: tuple  # of the legs, to the sides
    first: tuple  # of one hip and its knee
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
