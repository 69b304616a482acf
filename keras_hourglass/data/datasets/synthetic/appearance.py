"""What a person wears and looks like: the same on the left as on the right.

The head: a face at the front, hair behind, from which a person's left is told.
"""

from typing import NamedTuple

import numpy as np

from keras_hourglass.data.datasets.synthetic.parts import ROUND, Layer, Part

SKINS = np.array([(243, 208, 184), (224, 172, 130), (176, 120, 80), (84, 52, 38)])
HAIRS = np.array(
    [(24, 20, 18), (60, 38, 24), (110, 70, 38), (205, 165, 95), (150, 60, 25)]
)


class Outfit(NamedTuple):
    """Colors are RGB, 0 to 255. Lengths of clothes are counted in bones."""

    skin: np.ndarray
    hair: np.ndarray
    long_hair: float  # how far it falls, as a share of the head's height; 0 if short
    cap: bool
    shirt: np.ndarray
    stripes: np.ndarray | None
    sleeve: float
    loose: float  # the radius of clothes, as a multiple of the limb's
    trousers: np.ndarray
    trouser: float
    skirt: bool
    shoes: np.ndarray
    girth: float
    light: np.ndarray  # where the bright side lies, `(2,)`, in radii
    shade: float  # how bright the dark side is


def cloth(random):
    """Any color, rather dull than bright."""
    *color, dull = random.random(4).tolist()
    grey = sum(color) / 3
    return np.array([10 + 235 * (c + 0.9 * dull * (grey - c)) for c in color])


def outfit(random) -> Outfit:
    chance = random.random(6)
    skin = SKINS[0] + 0.0
    for other, share in zip(SKINS[1:], random.random(3) ** 2, strict=True):
        skin += share * (other - skin)
    hair = HAIRS[random.integers(len(HAIRS))] * random.uniform(0.7, 1.3)
    if chance[0] < 0.08:
        hair = np.full(3, random.uniform(110, 220))
    cap = chance[1] < 0.1
    shirt = cloth(random)
    light = random.normal((0, -0.2), (0.15, 0.06))
    return Outfit(
        skin=skin,
        hair=cloth(random) if cap else hair,
        long_hair=random.uniform(0.5, 1.3) if chance[2] < 0.35 else 0.0,
        cap=cap,
        shirt=shirt,
        stripes=cloth(random) if chance[3] < 0.3 else None,
        sleeve=random.uniform(0.3, 0.9) if chance[4] < 0.5 else random.uniform(1.2, 2),
        loose=random.uniform(1.05, 1.35),
        trousers=shirt if chance[5] < 0.08 else cloth(random),
        trouser=random.uniform(0.4, 1.1) if chance[5] > 0.7 else random.uniform(1.6, 2),
        skirt=0.7 < chance[5] < 0.85,
        shoes=cloth(random),
        girth=random.uniform(0.85, 1.25),
        light=light,
        shade=random.uniform(0.55, 0.8),
    )


HALF = np.array([0.37, 0.5, 0.45])  # half axes, as shares of the head's height
FACE = np.array([0.0, -0.33, 0.944])  # where the face looks, on the unit sphere
EDGE = 0.22  # how far before the middle the face begins
EYES = np.array([[-0.4, 0.08, 0.91], [0.4, 0.08, 0.91]])
MOUTH = np.array([[-0.26, -0.52, 0.81], [0.26, -0.52, 0.81], [0.0, -0.6, 0.8]])
NOSE = np.array([[0.0, 0.05, 1.0], [-0.13, -0.27, 0.95], [0.13, -0.27, 0.95]])
NOSE = np.concatenate([NOSE, [[0.0, -0.22, 1.27]]])
EARS = np.array([[-1.02, -0.08, -0.1], [1.02, -0.08, -0.1]])
BRIM = np.array([[-0.8, 0.42, 0.55], [0.8, 0.42, 0.55], [-0.5, 0.4, 1.55]])
BRIM = np.concatenate([BRIM, [[0.5, 0.4, 1.55]]])


def _across(axis):
    """`(2, 3)`: two directions at right angles to a third and to each other."""
    x, y, z = axis
    # Either is as good as any, but near the pole of one the other is exact.
    first = np.array([z, 0, -x] if abs(y) < 0.9 else [0, -z, y])
    first = first / np.sqrt(first @ first)
    a, b, c = first
    return np.array([first, (y * c - z * b, z * a - x * c, x * b - y * a)])


RIM = EDGE * FACE + np.sqrt(1 - EDGE**2) * ROUND @ _across(FACE)


def head(body, wear):
    """The layers of the head and of long hair."""
    neck, top = body.points["upper_neck"], body.points["head_top"]
    tall, frame = np.linalg.norm(top - neck), body.frames["head"]
    center = (neck + top) / 2 + 0.06 * tall * frame[:, 2]
    axes = frame * (tall * HALF)
    facing = frame[2] / HALF  # points to the viewer, on the unit sphere
    facing = facing / np.linalg.norm(facing)
    front = FACE @ facing > 0
    skull = Part("head", wear.hair if front else wear.skin, [(center, axes)])
    flat = _skin(wear, center, axes, tall, facing, front)
    yield Layer(center[2] + 0.15 * tall, [[skull]], flat)
    if wear.long_hair:
        back = center - frame @ (0, 0.02 * tall, 0.1 * tall)
        end = back - frame @ (0, wear.long_hair * tall, 0.12 * tall)
        hair = [(back, 1.08 * axes), (end, axes * (0.85, 0.3, 0.5))]
        yield Layer(end[2], [[Part("head", wear.hair, hair)]])


def _skin(wear, center, axes, tall, facing, front):
    """Flat shapes: face or hair, and what lies on the face."""

    def place(points):
        return (center + points @ axes.T)[:, :2]

    def seen(points, least):
        return points[points @ facing > least]

    outline = ROUND @ _across(facing)
    rim = RIM[RIM @ facing > 0]
    inside = outline[(outline @ FACE > EDGE) == front]
    flat = []
    if len(rim) + len(inside) > 2:
        area = place(np.concatenate([rim, inside]))
        color = wear.skin if front else wear.hair
        middle = area.sum(axis=0) / len(area)
        bright = middle + 0.8 * (area - middle)
        flat = [(area, wear.shade**0.5 * color), (bright, color)]
    for ear in seen(EARS, -0.15):
        if not wear.long_hair:
            spot = place(ear[None]) + 0.1 * tall * ROUND
            flat.append((spot, wear.skin * 0.8))
    if NOSE[3] @ facing > -0.3:
        flat.append((place(NOSE), wear.skin * 0.82))
    dark = wear.skin * 0.25
    for eye in seen(EYES, 0.1):
        flat.append((place(eye[None]) + 0.02 * tall * ROUND, dark))
    if len(seen(MOUTH, 0.1)) == 3:
        flat.append((place(MOUTH), wear.skin * (0.75, 0.45, 0.45)))
    if wear.cap and BRIM[2:].mean(axis=0) @ facing > -0.6:
        flat.append((place(BRIM), wear.hair * 0.7))
    return flat
