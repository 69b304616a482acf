"""All of a picture but its person: what is behind, what is before, the camera."""

import math

import cv2
import numpy as np

from keras_hourglass.data.datasets.synthetic.appearance import SKINS, cloth
from keras_hourglass.data.datasets.synthetic.parts import BITS, fill, fill_limb, fixed

FIELD = 512  # pixels of each side of the noise that every picture takes a piece of
TRIES, HIDDEN = 4, 3  # places that are tried, joints that an occluder may hide
CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


def _fields():
    """Noise of single pixels and noise of all sizes, uint8 around 128."""
    random = np.random.default_rng(2016)
    fine = random.normal(0, 1, (FIELD, FIELD, 3)).astype("float32")
    coarse = np.zeros_like(fine)
    for cells in (6, 16, 40, 100, 256):
        octave = random.normal(0, 1, (cells, cells, 3)).astype("float32")
        size = (FIELD, FIELD)
        coarse += cv2.resize(octave, size, interpolation=cv2.INTER_CUBIC) / cells**0.4
    coarse += 2 * coarse.mean(axis=-1, keepdims=True)  # rather light than color
    coarse /= coarse.std()
    fields = [128 + 40 * field for field in (fine, coarse)]
    return [field.clip(0, 255).astype("uint8") for field in fields]


FINE, COARSE = _fields()


def _piece(random, field, size):
    """A part of a field, at a place of its own; larger than the field, it repeats."""
    if size > FIELD:
        field = np.tile(field, (-(-size // FIELD), -(-size // FIELD), 1))
    y, x = random.integers(0, len(field) - size + 1, 2)
    return field[y : y + size, x : x + size]


def background(random, size):
    """`(size, size, 3)` uint8: colors, texture, and clutter on them."""
    cells = (1, 2, 2, 3, 6, 12)[random.integers(6)]
    tone, spread = cloth(random), random.uniform(5, 60)
    colors = np.clip(random.normal(tone, spread, (cells, cells, 3)), 0, 255)
    kind = cv2.INTER_NEAREST if random.random() < 0.2 else cv2.INTER_LINEAR
    pixels = cv2.resize(colors.astype("uint8"), (size, size), interpolation=kind)
    texture = random.uniform(0, 0.7)
    field = _piece(random, COARSE if random.random() < 0.7 else FINE, size)
    pixels = cv2.addWeighted(pixels, 1, field, texture, -128 * texture)
    for _ in range(random.integers(2, 12)):
        _clutter(random, pixels, size)
    return pixels


def _clutter(random, pixels, size):
    """One thing: a polygon, a box, a line, or something like a limb."""
    at, color, kind = random.random(2) * size, cloth(random), random.random()
    if kind < 0.3:
        fill(pixels, fixed(at + 0.12 * size * random.normal(size=(5, 2))), color)
    elif kind < 0.5:
        fill(pixels, fixed(_box(at, *random.uniform(0.03, 0.4, 2) * size)), color)
    elif kind < 0.65:
        ends = np.rint([at, random.random(2) * size]).astype(int)
        width = int(random.integers(1, 1 + max(2, size // 40)))
        cv2.line(pixels, ends[0].tolist(), ends[1].tolist(), color, width, cv2.LINE_AA)
    elif kind < 0.75:
        radius = int(random.uniform(0.01, 0.1) * size * (1 << BITS))
        middle = np.rint(at * (1 << BITS)).astype(int).tolist()
        cv2.circle(pixels, middle, radius, color, -1, cv2.LINE_AA, BITS)
    else:
        if random.random() < 0.5:
            color = SKINS[random.integers(len(SKINS))] * random.uniform(0.8, 1)
        radius = random.uniform(0.012, 0.035) * size
        radii = radius * np.array([1, 0.8, 0.6])
        steps = 0.09 * size * random.normal(size=(3, 2))
        steps[0] = at
        fill_limb(pixels, steps.cumsum(axis=0), radii, 0.7 * color)
        fill_limb(pixels, steps.cumsum(axis=0), 0.68 * radii, color)


def _box(middle, width, height, angle=0.0):
    """`(4, 2)`, the corners of a box."""
    c, s = math.cos(angle) / 2, math.sin(angle) / 2
    return middle + CORNERS @ [[width * c, width * s], [-height * s, height * c]]


def occlude(random, pixels, joints, top, value):
    """Puts something before the person that hides a joint or a few.

    Args:
        random: The generator that place and kind come from.
        pixels: `(size, size, 3)` uint8, painted over.
        joints: `(joints, 2)`, in pixels.
        top: `(size, size)` uint8, set to `value` where something is now on top.
        value: What stands for an occluder in `top`.
    """
    size = len(pixels)
    for _ in range(TRIES):
        at = joints[random.integers(len(joints))] + random.normal(0, 0.03 * size, 2)
        width, height = random.uniform(0.06, 0.2, 2) * size
        kind, angle = random.random(), random.uniform(0, np.pi)
        if kind < 0.4:
            width, height = random.uniform(0.02, 0.06) * size, 3.0 * size
            angle = random.normal((0, np.pi / 2)[kind < 0.2], 0.2)
        shape = _box(at, width, height, angle)
        if kind > 0.75:
            round_ = np.linspace(0, 2 * np.pi, 24)
            shape = at + 0.5 * width * np.stack([np.cos(round_), np.sin(round_)], -1)
        outline = shape.astype("float32")
        points = joints.tolist()
        inside = [cv2.pointPolygonTest(outline, xy, False) > 0 for xy in points]
        if sum(inside) <= HIDDEN:
            break
    else:
        return
    color = cloth(random)
    fill(pixels, fixed(shape), color, top, value)
    corner, other = shape[0], shape[len(shape) // 2]
    inner = (shape + corner) / 2 if random.random() < 0.5 else (shape + other) / 2
    fill(pixels, fixed(inner), color * random.uniform(0.6, 1))


def finish(random, pixels):
    """What the camera adds: blur, light and contrast, noise."""
    size = len(pixels)
    blur = random.uniform(0.3, 0.9)
    pixels = cv2.GaussianBlur(pixels, (3, 3), blur)
    contrast, noise = random.uniform(0.6, 1.15), random.uniform(0.02, 0.25)
    light = random.normal(0, 18) + 128 * (1 - contrast) - 128 * noise
    return cv2.addWeighted(pixels, contrast, _piece(random, FINE, size), noise, light)
