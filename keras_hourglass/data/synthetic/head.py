"""The head: a face at the front, hair behind, from which a person's left is told."""

import numpy as np

from keras_hourglass.data.synthetic.paint import ROUND
from keras_hourglass.data.synthetic.parts import Layer, Part

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
