"""Joints on images of a network's size."""

import keras

from keras_hourglass.heatmaps import decode
from keras_hourglass.model import StackedHourglass


def find(model: StackedHourglass, images, flip: bool = False):
    """Joints on images of the network's size.

    Args:
        model: The network.
        images: `(batch, height, width, 3)`, RGB, 0 to 255.
        flip: Averages the heatmaps with those of the mirrored images.

    Returns:
        points `(batch, joints, 2)`, heatmap pixels; scores `(batch, joints)`.
    """
    heatmaps = model.predict_on_batch(images)[:, -1]
    x, y = model.offset
    if flip:
        mirrored = model.predict_on_batch(images[:, :, ::-1])[:, -1]
        mirror = list(model.skeleton.mirror)
        heatmaps = (heatmaps + mirrored[:, :, ::-1][..., mirror]) / 2
        x = 0  # what one view is off to the right, the other is off to the left
    points, scores = decode(keras.ops.convert_to_tensor(heatmaps), (x, y))
    return tuple(keras.ops.convert_to_numpy(values) for values in (points, scores))
