"""How far a network is off, joint by joint."""

import numpy as np

from keras_hourglass.labels import unpack
from keras_hourglass.predict import find


def evaluate(model, batches, flip: bool = False):
    """How far a network is off.

    Args:
        model: A `StackedHourglass`.
        batches: Of (images, labels), as for `fit`.
        flip: Whether to average with the mirrored image.

    Returns:
        errors `(people, joints)`, in reference lengths, NaN where not scored; and
        the mean signed error (x, y), heatmap pixels, of joints found to within one
        reference length: what the network is systematically off by.
    """
    errors, offsets = [], []
    for images, labels in batches:
        points, weight, reference = unpack(np.asarray(labels))
        found, _ = find(model, np.asarray(images), flip)
        off = found - points
        scored = (weight > 0) & (reference > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.linalg.norm(off, axis=-1) / reference
        errors.append(np.where(scored, error, np.nan))
        offsets.append(off[scored & (error <= 1)])
    signed = np.concatenate(offsets)
    mean = signed.mean(0) if len(signed) else np.full(2, np.nan)
    return np.concatenate(errors), tuple(map(float, mean))
