"""Geometric augmentation: scale, rotation, shift, flip and half bodies of windows."""

from math import radians

import numpy as np

from keras_hourglass.geometry import Window

# Half bodies: Wang et al., Deep High-Resolution Representation Learning for Visual
# Recognition, https://arxiv.org/abs/1908.07919: the box around the joints of one half,
# from three joints on, and half as much again.
MIN_JOINTS, HALF_BODY_PADDING = 3, 1.5
MIN_SIZE = 0.4  # of the window's edges: a smaller one would show few pixels, enlarged


def transform_windows(strengths, windows: Window, randoms, joints, halves):
    """Draws windows, see `Augmentation.transform_windows`.

    Always draws as many numbers, so that one strength does not change another's.
    """
    drawn = [(*random.standard_normal(2), *random.random(6)) for random in randoms]
    scale, angle, *shares = np.transpose(drawn)[..., None]
    rotation, flip, across, along, half_body, half = shares
    windows = half_body_windows(
        windows, half_body < strengths.half_body, joints, halves, half
    )
    windows = windows.scaled(1 + strengths.scale * scale.clip(-1, 1))
    windows = windows.moved(
        *(strengths.shift * (2 * share - 1) for share in (across, along))
    )
    rotated = rotation < strengths.rotation_share
    windows = windows.turned(rotated * radians(strengths.rotation) * angle.clip(-2, 2))
    flipped = flip < strengths.flip
    return windows.mirrored(flipped), flipped[:, 0]


def half_body_windows(windows: Window, chosen, joints, halves, which) -> Window:
    """Replaces the chosen windows by those around half a body.

    Args:
        windows: Windows of the people, stacked.
        chosen: `(people, 1)`, bool.
        joints, halves: See `Augmentation.transform_windows`.
        which: `(people, 1)`, 0 to 1: the half, where both are possible.
    """
    enough = halves.sum(axis=-1) >= MIN_JOINTS
    rows = np.flatnonzero(chosen[:, 0] & enough.any(axis=-1))
    count = enough[rows].cumsum(axis=-1)
    half = (count > which[rows] * count[:, -1:]).argmax(axis=-1)
    inside = halves[rows, half][..., None]
    shares = windows.to_grid(joints, (1, 1))[rows]
    low = shares.min(axis=1, where=inside, initial=np.inf)
    high = shares.max(axis=1, where=inside, initial=-np.inf)
    moves, factors = np.zeros((len(chosen), 2)), np.ones((len(chosen), 1))
    moves[rows] = (low + high) / 2
    longer = (high - low).max(axis=-1, keepdims=True)
    factors[rows] = (HALF_BODY_PADDING * longer).clip(MIN_SIZE, 1)
    return windows.moved(moves[:, :1], moves[:, 1:]).scaled(factors)
