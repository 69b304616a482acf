"""Geometric augmentation: scale, rotation, shift, flip and parts of bodies."""

from math import radians

import numpy as np

from keras_hourglass.geometry import Window

# Half bodies: Wang et al., Deep High-Resolution Representation Learning for Visual
# Recognition, https://arxiv.org/abs/1908.07919: the box around the joints of one half,
# from three joints on, and half as much again.
MIN_JOINTS, HALF_BODY_PADDING = 3, 1.5
MIN_SIZE = 0.4  # of the window's edges: a smaller one would show few pixels, enlarged
# Parts of bodies: the joints farthest up, down, right or left, as at a table or where
# an image ends. Right and left are those of the image.
DIRECTIONS = np.array([[0.0, -1], [0, 1], [1, 0], [-1, 0]])
DIRECTION_SHARES = 0.62, 0.12, 0.13, 0.13
PART_SHARES = 0.25, 0.8  # of the labeled joints
PART_PADDING = 1.25, 1.7  # edge of the window, in that of the box around the joints
MIN_LABELED = 5  # labeled joints, for a part of a person to be shown
MIN_PART_SIZE, MIN_PART_PIXELS = 0.3, 48  # of the window's edge; image pixels


def transform_windows(strengths, windows: Window, randoms, joints, labeled, halves):
    """Draws windows, see `Augmentation.transform_windows`.

    Always draws as many numbers, so that one strength does not change another's.
    """
    drawn = [(*random.standard_normal(2), *random.random(10)) for random in randoms]
    scale, angle, *shares = np.transpose(drawn)[..., None]
    rotation, flip, across, along, half_body, half, body_part, *part = shares
    chosen = half_body < strengths.half_body
    windows = half_body_windows(windows, chosen, joints, labeled, halves, half)
    chosen = ~chosen & (body_part < strengths.body_part)
    windows = body_part_windows(windows, chosen, joints, labeled, *part)
    windows = windows.scaled(1 + strengths.scale * scale.clip(-1, 1))
    windows = windows.moved(
        *(strengths.shift * (2 * share - 1) for share in (across, along))
    )
    rotated = rotation < strengths.rotation_share
    windows = windows.turned(rotated * radians(strengths.rotation) * angle.clip(-2, 2))
    flipped = flip < strengths.flip
    return windows.mirrored(flipped), flipped[:, 0]


def half_body_windows(windows: Window, chosen, joints, labeled, halves, which):
    """Replaces the chosen windows by those around half a body.

    Args:
        windows: Windows of the people, stacked.
        chosen: `(people, 1)`, bool.
        joints, labeled, halves: See `Augmentation.transform_windows`.
        which: `(people, 1)`, 0 to 1: the half, where both are possible.
    """
    labeled = labeled[:, None] & halves
    enough = labeled.sum(axis=-1) >= MIN_JOINTS
    rows = np.flatnonzero(chosen[:, 0] & enough.any(axis=-1))
    count = enough[rows].cumsum(axis=-1)
    half = (count > which[rows] * count[:, -1:]).argmax(axis=-1)
    inside = labeled[rows, half]
    return windows_around(windows, rows, joints, inside, HALF_BODY_PADDING, MIN_SIZE)


def body_part_windows(windows: Window, chosen, joints, labeled, which, share, padding):
    """Replaces the chosen windows by those around the joints beyond some line.

    Args:
        windows, chosen, joints, labeled: See `half_body_windows`.
        which, share, padding: `(people, 1)`, 0 to 1: the direction, the share of
            labeled joints and the size of the window, within the module's bounds.
    """
    count = labeled.sum(axis=-1)
    rows = np.flatnonzero(chosen[:, 0] & (count >= MIN_LABELED))
    which, share, padding = (each[rows, 0] for each in (which, share, padding))
    index = index_by_share(DIRECTION_SHARES, which)
    along = (joints[rows] * DIRECTIONS[index][:, None]).sum(axis=-1)
    along = np.where(labeled[rows], along, -np.inf)
    low, high = PART_SHARES
    kept = np.rint(count[rows] * (low + share * (high - low))).astype(int)
    order = np.argsort(np.argsort(-along, axis=-1, kind="stable"), axis=-1)
    inside = order < np.maximum(kept, MIN_JOINTS)[:, None]
    low, high = PART_PADDING
    padding = (low + padding * (high - low))[:, None]
    edges = 1 / windows.scale((1, 1))[rows, None]
    smallest = np.clip(MIN_PART_PIXELS / edges, MIN_PART_SIZE, 1)
    return windows_around(windows, rows, joints, inside, padding, smallest)


def index_by_share(shares, numbers):
    """Converts numbers from 0 to 1 to indices, each as often as its share says.

    Args:
        shares: Probability of each index.
        numbers: Of any shape, drawn uniformly.
    """
    return np.searchsorted(np.cumsum(shares)[:-1], numbers, side="right")


def windows_around(windows: Window, rows, joints, inside, padding, smallest) -> Window:
    """Replaces windows by those around some of the joints.

    Args:
        windows: Windows of the people, stacked.
        rows: Of the people whose windows change.
        joints: `(people, joints, 2)`, image pixels.
        inside: `(rows, joints)`, bool: the joints to show, at least one.
        padding: Edge of a new window, in the longer edge of the joints' box.
        smallest: Least edge, in that of the window before.
    """
    shares = windows.to_grid(joints, (1, 1))[rows]
    low = shares.min(axis=1, where=inside[..., None], initial=np.inf)
    high = shares.max(axis=1, where=inside[..., None], initial=-np.inf)
    moves, factors = np.zeros((len(joints), 2)), np.ones((len(joints), 1))
    moves[rows] = (low + high) / 2
    longer = (high - low).max(axis=-1, keepdims=True)
    factors[rows] = (padding * longer).clip(smallest, 1)
    return windows.moved(moves[:, :1], moves[:, 1:]).scaled(factors)
