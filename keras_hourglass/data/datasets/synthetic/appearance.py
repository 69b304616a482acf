"""Appearance: random outfits, and heads with a face and hair.

Outfits are the same on the left as on the right: only the head, with a face in front
and hair behind, and the body's shape tell the sides apart.
"""

from typing import NamedTuple

import numpy as np

from keras_hourglass.data.datasets.synthetic.parts import CIRCLE, Layer, Part

SKINS = np.array([(243, 208, 184), (224, 172, 130), (176, 120, 80), (84, 52, 38)])
HAIRS = np.array(
    [(24, 20, 18), (60, 38, 24), (110, 70, 38), (205, 165, 95), (150, 60, 25)]
)


class Outfit(NamedTuple):
    """Colors and shapes of a person.

    Attributes:
        skin, hair, shirt, trousers, shoes: Colors `(3,)`, RGB, 0 to 255.
        stripes: Color of the shirt's stripes, if it has any.
        long_hair: Length of the hair below the head, in head heights; 0 if short.
        cap, skirt: Whether one is worn.
        sleeve_length, trouser_length: In bones, 0 to 2.
        looseness: Radius of clothes, as a multiple of the limb's.
        girth: Factor of all radii.
        light: `(2,)`, offset of the lit side, in radii.
        shade: Brightness of the unlit side, 0 to 1.
    """

    skin: np.ndarray
    hair: np.ndarray
    long_hair: float
    cap: bool
    shirt: np.ndarray
    stripes: np.ndarray | None
    sleeve_length: float
    looseness: float
    trousers: np.ndarray
    trouser_length: float
    skirt: bool
    shoes: np.ndarray
    girth: float
    light: np.ndarray
    shade: float


def random_color(random):
    """Samples a color of any hue, more often muted than saturated."""
    *color, muted = random.random(4).tolist()
    gray = sum(color) / 3
    return np.array([10 + 235 * (c + 0.9 * muted * (gray - c)) for c in color])


def random_outfit(random) -> Outfit:
    """Samples colors, clothes, build and lighting."""
    chance = random.random(6)
    skin = SKINS[0] + 0.0
    for other, share in zip(SKINS[1:], random.random(3) ** 2, strict=True):
        skin += share * (other - skin)
    hair = HAIRS[random.integers(len(HAIRS))] * random.uniform(0.7, 1.3)
    if chance[0] < 0.08:
        hair = np.full(3, random.uniform(110, 220))
    cap = chance[1] < 0.1
    shirt = random_color(random)
    light = random.normal((0, -0.2), (0.15, 0.06))
    return Outfit(
        skin=skin,
        hair=random_color(random) if cap else hair,
        long_hair=random.uniform(0.5, 1.3) if chance[2] < 0.35 else 0.0,
        cap=cap,
        shirt=shirt,
        stripes=random_color(random) if chance[3] < 0.3 else None,
        sleeve_length=random.uniform(0.3, 0.9)
        if chance[4] < 0.5
        else random.uniform(1.2, 2),
        looseness=random.uniform(1.05, 1.35),
        trousers=shirt if chance[5] < 0.08 else random_color(random),
        trouser_length=random.uniform(0.4, 1.1)
        if chance[5] > 0.7
        else random.uniform(1.6, 2),
        skirt=0.7 < chance[5] < 0.85,
        shoes=random_color(random),
        girth=random.uniform(0.85, 1.25),
        light=light,
        shade=random.uniform(0.55, 0.8),
    )


# The head is an ellipsoid; points on it are given on the unit sphere.
HALF_AXES = np.array([0.37, 0.5, 0.45])  # as shares of the head's height
FACE = np.array([0.0, -0.33, 0.944])  # direction of the face
FACE_PLANE = 0.22  # distance from the center of the plane that bounds the face
EYES = np.array([[-0.4, 0.08, 0.91], [0.4, 0.08, 0.91]])
MOUTH = np.array([[-0.26, -0.52, 0.81], [0.26, -0.52, 0.81], [0.0, -0.6, 0.8]])
NOSE = np.array([[0.0, 0.05, 1.0], [-0.13, -0.27, 0.95], [0.13, -0.27, 0.95]])
NOSE = np.concatenate([NOSE, [[0.0, -0.22, 1.27]]])
EARS = np.array([[-1.02, -0.08, -0.1], [1.02, -0.08, -0.1]])
BRIM = np.array([[-0.8, 0.42, 0.55], [0.8, 0.42, 0.55], [-0.5, 0.4, 1.55]])
BRIM = np.concatenate([BRIM, [[0.5, 0.4, 1.55]]])


def _across(axis):
    """Returns two directions orthogonal to a third and to each other, `(2, 3)`."""
    x, y, z = axis
    # Any pair will do; the formula that is exact near the axis's pole is used.
    first = np.array([z, 0, -x] if abs(y) < 0.9 else [0, -z, y])
    first = first / np.sqrt(first @ first)
    a, b, c = first
    return np.array([first, (y * c - z * b, z * a - x * c, x * b - y * a)])


RIM = FACE_PLANE * FACE + np.sqrt(1 - FACE_PLANE**2) * CIRCLE @ _across(FACE)


def head(body, outfit):
    """Yields the layers of the head and of long hair."""
    neck, top = body.points["upper_neck"], body.points["head_top"]
    height, frame = np.linalg.norm(top - neck), body.frames["head"]
    center = (neck + top) / 2 + 0.06 * height * frame[:, 2]
    axes = frame * (height * HALF_AXES)
    facing = frame[2] / HALF_AXES  # points to the viewer, on the unit sphere
    facing = facing / np.linalg.norm(facing)
    front = FACE @ facing > 0
    skull = Part("head", outfit.hair if front else outfit.skin, [(center, axes)])
    flat = _face(outfit, center, axes, height, facing, front)
    yield Layer(center[2] + 0.15 * height, [[skull]], flat)
    if outfit.long_hair:
        back = center - frame @ (0, 0.02 * height, 0.1 * height)
        end = back - frame @ (0, outfit.long_hair * height, 0.12 * height)
        hair = [(back, 1.08 * axes), (end, axes * (0.85, 0.3, 0.5))]
        yield Layer(end[2], [[Part("head", outfit.hair, hair)]])


def _face(outfit, center, axes, height, facing, front):
    """Makes the flat shapes on the head: face or hair, ears, eyes, nose, mouth, cap."""

    def place(points):
        return (center + points @ axes.T)[:, :2]

    def visible(points, threshold):
        return points[points @ facing > threshold]

    outline = CIRCLE @ _across(facing)
    rim = RIM[RIM @ facing > 0]
    inside = outline[(outline @ FACE > FACE_PLANE) == front]
    flat = []
    if len(rim) + len(inside) > 2:
        area = place(np.concatenate([rim, inside]))
        color = outfit.skin if front else outfit.hair
        middle = area.sum(axis=0) / len(area)
        bright = middle + 0.8 * (area - middle)
        flat = [(area, outfit.shade**0.5 * color), (bright, color)]
    for ear in visible(EARS, -0.15):
        if not outfit.long_hair:
            spot = place(ear[None]) + 0.1 * height * CIRCLE
            flat.append((spot, outfit.skin * 0.8))
    if NOSE[3] @ facing > -0.3:
        flat.append((place(NOSE), outfit.skin * 0.82))
    dark = outfit.skin * 0.25
    for eye in visible(EYES, 0.1):
        flat.append((place(eye[None]) + 0.02 * height * CIRCLE, dark))
    if len(visible(MOUTH, 0.1)) == 3:
        flat.append((place(MOUTH), outfit.skin * (0.75, 0.45, 0.45)))
    if outfit.cap and BRIM[2:].mean(axis=0) @ facing > -0.6:
        flat.append((place(BRIM), outfit.hair * 0.7))
    return flat
