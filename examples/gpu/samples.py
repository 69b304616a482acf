"""Augmented samples, made on the device from crops that stay in its memory.

A sample is the part of a person's crop under a square view, which is scaled, moved,
rotated, mirrored, and at times shows a part of the body alone.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

STRIDE = 4  # image pixels to a heatmap pixel
NUMBERS = 64  # random numbers that a sample may take
# Up, down, right, left: the parts of a body that a view shows, or that an image lacks.
DIRECTIONS = jnp.array([[0.0, -1], [0, 1], [1, 0], [-1, 0]])


class People(NamedTuple):
    """Crops and labels on the device, of N people with J joints.

    Attributes:
        pixels: `(N, canvas, canvas)`, uint32: red, green and blue in the lower bytes.
        size: `(N,)`, side of the crop, which is at the upper left of its canvas.
        side: `(N,)`, side of the person's window, centered in the crop, in its pixels.
        joints: `(N, J, 2)`, in pixels of the crop.
        weights: `(N, J)`, 0 where a joint is not labeled.
        flip: `(J,)`, index of each joint's counterpart.
        noise: `(2 * image size, 2 * image size, 3)`, normal, for grain.
    """

    pixels: jax.Array
    size: jax.Array
    side: jax.Array
    joints: jax.Array
    weights: jax.Array
    flip: jax.Array
    noise: jax.Array


class View(NamedTuple):
    """A square on a crop: center (x, y) and side in pixels, angle in radians."""

    center: jax.Array
    side: jax.Array
    angle: jax.Array = 0.0
    flipped: jax.Array = False


class Draws:
    """Hands out uniform random numbers of one sample, one after another."""

    def __init__(self, numbers):
        self.numbers, self.taken = numbers, 0

    def __call__(self, low=0.0, high=1.0, count=None):
        first, self.taken = self.taken, self.taken + (count or 1)
        assert self.taken <= len(self.numbers), "NUMBERS is too small"
        drawn = self.numbers[first : self.taken] if count else self.numbers[first]
        return low + (high - low) * drawn


def make_batch(people: People, rows, key, size: int):
    """Makes augmented samples.

    Args:
        people: Crops and labels.
        rows: `(batch,)`, indices of people.
        key: Of JAX's random numbers.
        size: Side of the images, in pixels.

    Returns:
        Images `(batch, size, size, 3)` from 0 to 255; joints `(batch, J, 2)` in
        heatmap pixels; weights `(batch, J)`; absent `(batch, J)`, whether a joint is
        outside of the image.
    """
    numbers = jax.random.uniform(key, (len(rows), NUMBERS))
    return jax.vmap(lambda row, u: make_sample(people, row, Draws(u), size))(
        rows, numbers
    )


def make_sample(people: People, row, draw: Draws, size: int):
    """Makes one augmented sample, as `make_batch` returns them."""
    view = draw_view(people, row, draw)
    image, joints, weights = crop(people, row, view, size)
    image = change_colors(image, people.noise, draw)
    image, hidden = cut_image(image, joints, draw)
    joints, outside = to_heatmap(joints, size)
    return image, joints, weights, outside | hidden


def whole_view(people: People, row) -> View:
    """Returns the person's own window."""
    middle = (people.size[row].astype("float32") - 1) / 2
    return View(jnp.stack([middle, middle]), people.side[row])


def draw_view(people: People, row, draw: Draws) -> View:
    """Draws a view of the whole person, or of a part of the body."""
    center, side, *_ = whole = whole_view(people, row)
    joints, weights = people.joints[row], people.weights[row]
    labeled, count = weights > 0, (weights > 0).sum()
    # The joints on one side of a line stay: a box around a part of the body.
    direction = DIRECTIONS[jnp.searchsorted(jnp.array([0.62, 0.74, 0.87]), draw())]
    along = jnp.where(labeled, _dot(joints, direction), -jnp.inf)
    kept = jnp.clip(jnp.round(count * draw(0.25, 0.8)).astype(int), 3, len(weights))
    kept = labeled & (along >= jnp.sort(along)[-kept])
    low = jnp.where(kept[:, None], joints, jnp.inf).min(0)
    high = jnp.where(kept[:, None], joints, -jnp.inf).max(0)
    part_side = jnp.maximum((high - low).max() * draw(1.25, 1.7), 0.3 * side)
    partial = (draw() < 0.35) & (count >= 5) & (side > 80)
    center = jnp.where(partial, (low + high) / 2, center)
    side = jnp.where(partial, part_side, side) * jnp.exp(draw(-0.3, 0.35))
    center = center + side * draw(-0.09, 0.09, count=2)
    rotated, normal = draw() < 0.6, jax.scipy.special.ndtri(draw(0.01, 0.99))
    angle = jnp.where(rotated, jnp.radians(33.0) * jnp.clip(normal, -2.2, 2.2), 0.0)
    return whole._replace(center=center, side=side, angle=angle, flipped=draw() < 0.5)


def crop(people: People, row, view: View, size: int):
    """Crops a view: image `(size, size, 3)`, joints in its pixels, and weights."""
    cos, sin = jnp.cos(view.angle), jnp.sin(view.angle)
    mirror = jnp.where(view.flipped, -1.0, 1.0)
    scale = view.side / size
    matrix = jnp.array([[cos * mirror, -sin], [sin * mirror, cos]])
    middle = (size - 1) / 2
    grid = jnp.stack(jnp.meshgrid(jnp.arange(size), jnp.arange(size)), axis=-1)
    points = scale * _dot((grid - middle)[..., None, :], matrix) + view.center
    image = _interpolate(people.pixels, row, points, people.size[row])
    # The inverse of a rotation or reflection is its transpose.
    offset = people.joints[row] - view.center
    joints = _dot(offset[:, None], matrix.T) / scale + middle
    order = jnp.where(view.flipped, people.flip, jnp.arange(len(people.flip)))
    return image, joints[order], people.weights[row][order]


def to_heatmap(points, size: int):
    """Transforms points from image to heatmap pixels; also says which are outside."""
    points = (points + 0.5) / STRIDE - 0.5
    return points, ((points < -0.5) | (points > size // STRIDE - 0.5)).any(-1)


def change_colors(image, noise, draw: Draws):
    """Changes channels, contrast, brightness, saturation; at times adds blur, grain."""
    clean, size = image, len(image)
    image = image * draw(0.8, 1.2, count=3)
    image = (image - 128) * draw(0.75, 1.25) + 128 + draw(-30, 30)
    gray = _dot(image, jnp.array([0.299, 0.587, 0.114]))[..., None]
    image = gray + (image - gray) * jnp.where(draw() < 0.05, 0.0, draw(0.6, 1.4))
    padded = jnp.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    taps = [(i, j) for i in range(3) for j in range(3)]
    blurred = sum(padded[i : i + size, j : j + size] for i, j in taps) / 9
    image = jnp.where(draw() < 0.15, blurred, image)
    corner = draw(0, size, count=2).astype(int)
    grain = jax.lax.dynamic_slice(noise, (*corner, 0), image.shape)
    image = image + jnp.where(draw() < 0.2, draw(0, 10), 0) * grain
    image = jnp.where(draw() < 0.1, clean, image)
    for _ in range(2):
        image = _paint_patch(image, draw)
    return jnp.clip(jnp.round(image), 0, 255)


def cut_image(image, joints, draw: Draws):
    """Blackens, at times, all beyond a line, as where a photograph ends.

    Returns:
        The image, and `(J,)`: which joints lie there.
    """
    size = len(image)
    direction = DIRECTIONS[1:][jnp.searchsorted(jnp.array([0.6, 0.8]), draw())]
    cut, limit = draw() < 0.12, size * draw(0.02, 0.35)
    offset = jnp.arange(size) - (size - 1) / 2
    beyond = direction[0] * offset + direction[1] * offset[:, None] > limit
    image = jnp.where((cut & beyond)[..., None], 0.0, image)
    return image, cut & (_dot(joints - (size - 1) / 2, direction) > limit)


def _dot(a, b):
    # By a sum: a GPU may multiply matrices of float32 to 10 bits, and move joints.
    return (a * b).sum(-1)


def _interpolate(pixels, row, points, size):
    """Interpolates a crop linearly at points; black outside of it."""
    first = jnp.floor(points)
    part, first, total = points - first, first.astype(int), 0.0
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        at = first + jnp.array([dx, dy])
        inside = ((at >= 0) & (at < size)).all(-1)
        x, y = jnp.moveaxis(jnp.clip(at, 0, pixels.shape[-1] - 1), -1, 0)
        packed = pixels[row, y, x]
        color = jnp.stack([(packed >> shift) & 255 for shift in (0, 8, 16)], axis=-1)
        u, v = part[..., 0], part[..., 1]
        weight = (u if dx else 1 - u) * (v if dy else 1 - v) * inside
        total = total + color.astype("float32") * weight[..., None]
    return total


def _paint_patch(image, draw):
    size = len(image)
    edges, center = draw(0.06, 0.28, count=2) * size, draw(count=2) * size
    near = abs(jnp.arange(size)[:, None] - center) < edges / 2
    patch = near[:, 0] & near[:, 1, None] & (draw() < 0.22)
    return jnp.where(patch[..., None], draw(0, 255, count=3), image)
