"""Array libraries: what is written once for tensors runs on NumPy arrays, too.

Functions of heatmaps take an `array_library`: `keras.ops`, which they use by default,
or `NUMPY`, for runtimes without Keras.
"""

import numpy as np


def keras_ops():
    """Returns `keras.ops`; Keras is imported when it is first needed."""
    from keras import ops

    return ops


class _NumPy:
    """NumPy under the names of `keras.ops`."""

    cast = staticmethod(lambda array, dtype: array.astype(dtype, copy=False))
    convert_to_tensor = staticmethod(np.asarray)

    @staticmethod
    def max(array, axis, keepdims=False):
        """`numpy.max`; over pixels, ten times as fast: channels are too few to reduce.

        Rows of pixels are halved until their number is odd.
        """
        axes = (axis,) if isinstance(axis, int) else axis
        for axis in axes:
            while array.shape[axis] % 2 == 0:
                array = np.maximum(*np.split(array, 2, axis))
        return np.max(array, axes, keepdims=keepdims)

    @staticmethod
    def top_k(array, k):
        """The highest values of the last axis, in falling order, and their indices."""
        index = np.argsort(-array, axis=-1, kind="stable")[..., :k]
        return np.take_along_axis(array, index, axis=-1), index

    def __getattr__(self, name):
        return getattr(np, name)


NUMPY = _NumPy()
