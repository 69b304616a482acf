"""Where a sample's window lies: nearer, turned, moved, mirrored, on half a body."""

from math import radians

from keras_hourglass.geometry import Crop

# Half bodies, Wang et al., Deep High-Resolution Representation Learning for Visual
# Recognition, https://arxiv.org/abs/1908.07919: the box around the joints of one half,
# from three joints on, and half as much again.
FEWEST, MARGIN = 3, 1.5
LEAST = 0.4  # of the window's edges: a nearer look would show few pixels, enlarged


def vary(strengths, window: Crop, random, halves=()) -> tuple[Crop, bool]:
    """See `Augmentation.vary`. Draws as many numbers, whatever the strengths are."""
    nearer, angle = random.standard_normal(2).tolist()
    turn, flip, across, along, half, which = random.random(6).tolist()
    if half < strengths.half_body:
        window = half_body(window, halves, which)
    window = window.scaled(1 + strengths.scale * min(max(nearer, -1), 1))
    if strengths.shift:
        across, along = (strengths.shift * (2 * x - 1) for x in (across, along))
        window = window.moved(across, along)
    if turn < strengths.rotation_share:
        window = window.turned(radians(strengths.rotation * min(max(angle, -2), 2)))
    flipped = flip < strengths.flip
    return (window.mirrored() if flipped else window), flipped


def half_body(window: Crop, halves, which: float) -> Crop:
    """The window around the joints of one half that has enough; `which` is 0 to 1."""
    able = [joints for joints in halves if len(joints) >= FEWEST]
    if not able:
        return window
    shares = window.to_grid(able[int(which * len(able))], (1, 1))
    low, high = shares.min(axis=0), shares.max(axis=0)
    factor = min(max(MARGIN * float((high - low).max()), LEAST), 1.0)
    return window.moved(*(low + high) / 2).scaled(factor)
