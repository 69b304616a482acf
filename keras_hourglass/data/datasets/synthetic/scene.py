"""Scenes: a background with clutter, people, occluders, and camera effects."""

import math

import cv2
import numpy as np

from keras_hourglass.data.datasets.synthetic import person
from keras_hourglass.data.datasets.synthetic.appearance import SKINS, random_color
from keras_hourglass.data.datasets.synthetic.parts import (
    BITS,
    fill_hull,
    fill_limb,
    to_fixed,
)
from keras_hourglass.data.datasets.synthetic.pose import Body, sample_pose

IMAGE_SIZE = 192  # default columns and rows of an image
WINDOWS_PER_IMAGE = 1.5  # sides of the window that a network is given
STANDING_HEIGHT = 0.8  # in windows
BYSTANDER_SHARE, OCCLUDER_SHARE = 0.15, 0.36  # of the images

FIELD_SIZE = 512  # pixels per side of the noise fields that textures are taken from
MAX_TRIES, MAX_HIDDEN = 4, 3  # positions of an occluder, joints that it may hide
BOX_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


def _fields():
    """Makes noise of single pixels and noise of all scales, uint8 around 128."""
    random = np.random.default_rng(2016)
    fine = random.normal(0, 1, (FIELD_SIZE, FIELD_SIZE, 3)).astype("float32")
    coarse = np.zeros_like(fine)
    for cells in (6, 16, 40, 100, 256):
        octave = random.normal(0, 1, (cells, cells, 3)).astype("float32")
        size = (FIELD_SIZE, FIELD_SIZE)
        coarse += cv2.resize(octave, size, interpolation=cv2.INTER_CUBIC) / cells**0.4
    coarse += 2 * coarse.mean(axis=-1, keepdims=True)  # more in brightness than in hue
    coarse /= coarse.std()
    fields = [128 + 40 * field for field in (fine, coarse)]
    return [field.clip(0, 255).astype("uint8") for field in fields]


FINE, COARSE = _fields()


def _random_piece(random, field, size):
    """Cuts a piece of a field at a random position; it repeats beyond the field."""
    if size > FIELD_SIZE:
        field = np.tile(field, (-(-size // FIELD_SIZE), -(-size // FIELD_SIZE), 1))
    y, x = random.integers(0, len(field) - size + 1, 2)
    return field[y : y + size, x : x + size]


def draw_background(random, size):
    """Draws a background, `(size, size, 3)` uint8: colors, texture and clutter."""
    cells = (1, 2, 2, 3, 6, 12)[random.integers(6)]
    tone, spread = random_color(random), random.uniform(5, 60)
    colors = np.clip(random.normal(tone, spread, (cells, cells, 3)), 0, 255)
    kind = cv2.INTER_NEAREST if random.random() < 0.2 else cv2.INTER_LINEAR
    pixels = cv2.resize(colors.astype("uint8"), (size, size), interpolation=kind)
    texture = random.uniform(0, 0.7)
    field = _random_piece(random, COARSE if random.random() < 0.7 else FINE, size)
    pixels = cv2.addWeighted(pixels, 1, field, texture, -128 * texture)
    for _ in range(random.integers(2, 12)):
        _draw_clutter(random, pixels, size)
    return pixels


def _draw_clutter(random, pixels, size):
    """Draws a polygon, a box, a line, a disc, or a shape similar to a limb."""
    at, color, kind = random.random(2) * size, random_color(random), random.random()
    if kind < 0.3:
        fill_hull(
            pixels, to_fixed(at + 0.12 * size * random.normal(size=(5, 2))), color
        )
    elif kind < 0.5:
        fill_hull(
            pixels, to_fixed(_box(at, *random.uniform(0.03, 0.4, 2) * size)), color
        )
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
    """Returns the corners of a rotated box, `(4, 2)`."""
    c, s = math.cos(angle) / 2, math.sin(angle) / 2
    return middle + BOX_CORNERS @ [[width * c, width * s], [-height * s, height * c]]


def draw_occluder(random, pixels, joints, part_map):
    """Draws an object in front of the person, which hides up to three joints.

    Args:
        random: Generator of position and kind.
        pixels: `(size, size, 3)` uint8, modified.
        joints: `(joints, 2)`, in pixels.
        part_map: `(size, size)` uint8, set to `person.OCCLUDER` in its pixels.
    """
    size = len(pixels)
    for _ in range(MAX_TRIES):
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
        if sum(inside) <= MAX_HIDDEN:
            break
    else:
        return
    color = random_color(random)
    fill_hull(pixels, to_fixed(shape), color, part_map, person.OCCLUDER)
    corner, other = shape[0], shape[len(shape) // 2]
    inner = (shape + corner) / 2 if random.random() < 0.5 else (shape + other) / 2
    fill_hull(pixels, to_fixed(inner), color * random.uniform(0.6, 1))


def apply_camera(random, pixels):
    """Applies a camera's blur, exposure, contrast and noise."""
    size = len(pixels)
    blur = random.uniform(0.3, 0.9)
    pixels = cv2.GaussianBlur(pixels, (3, 3), blur)
    contrast, noise = random.uniform(0.6, 1.15), random.uniform(0.02, 0.25)
    light = random.normal(0, 18) + 128 * (1 - contrast) - 128 * noise
    return cv2.addWeighted(
        pixels, contrast, _random_piece(random, FINE, size), noise, light
    )


def sample_body(seed: int, index: int, size: int = IMAGE_SIZE) -> Body:
    """Samples the body of an image without drawing it. See `draw_image`."""
    random = np.random.default_rng((seed, index))
    window, middle = size / WINDOWS_PER_IMAGE, np.full(2, (size - 1) / 2)
    height = STANDING_HEIGHT * window * random.uniform(0.85, 1.15)
    middle = middle + random.normal(0, 0.02, 2) * window
    return sample_pose(random).placed(middle, height)


def draw_image(seed: int, index: int, size: int = IMAGE_SIZE):
    """Draws an image of a person, a pure function of its arguments.

    Args:
        seed: Of an infinite sequence of images.
        index: Of the image in it.
        size: Columns and rows of the image.

    Returns:
        pixels: `(size, size, 3)` uint8, RGB.
        joints: `(16, 2)` float64, MPII's joints, x before y, in pixels.
        visible: `(16,)` bool, False for joints that are hidden or outside.
    """
    body = sample_body(seed, index, size)
    random = np.random.default_rng((seed, index, 1))
    pixels = draw_background(random, size)
    if random.random() < BYSTANDER_SHARE:
        window, middle = size / WINDOWS_PER_IMAGE, np.full(2, (size - 1) / 2)
        offset = np.array([random.uniform(0.55, 0.75), random.uniform(-0.2, 0.2)])
        middle = middle + offset * window * (1 if random.random() < 0.5 else -1, 1)
        height = STANDING_HEIGHT * window * random.uniform(0.7, 1.1)
        person.draw_person(random, pixels, sample_pose(random).placed(middle, height))
    part_map = np.zeros((size, size), "uint8")
    person.draw_person(random, pixels, body, part_map)
    joints = body.joints[:, :2]
    if random.random() < OCCLUDER_SHARE:
        draw_occluder(random, pixels, joints, part_map)
    return apply_camera(random, pixels), joints, person.visible_joints(joints, part_map)
