"""Labels as tensors: their precision, absent joints, and weights of samples."""

import keras
from keras import ops


def label_dtype() -> str:
    """Returns the dtype to compute with labels in: Keras's, but at least float32.

    Half precision would move joints by parts of a pixel, and end counts at 2,048.
    """
    return keras.backend.result_type(keras.config.floatx(), "float32")


def zero_labels(labels, absent):
    """Sets the labels of absent joints to zero, so that no NaN of theirs spreads.

    Args:
        labels: `(batch, joints, 4)`, see `heatmaps.labels`.
        absent: `(batch, joints)`, bool.
    """
    return ops.where(absent[..., None], ops.zeros_like(labels), labels)


def weights_of_joints(sample_weight, values):
    """Spreads sample weights over the joints of each person.

    Args:
        sample_weight: Weights of people, `(batch,)` or `(batch, 1)`; of people's
            joints, `(batch, joints)`; or one number for all.
        values: `(batch, joints)`: the weights get its shape and dtype.

    Returns:
        `(batch, joints)`.

    Raises:
        ValueError: If the weights have another shape.
    """
    weights = ops.convert_to_tensor(sample_weight, dtype=values.dtype)
    (batch, joints), shape = values.shape, tuple(weights.shape)
    if not any(
        _fits(shape, expected)
        for expected in [(), (batch,), (batch, 1), (batch, joints)]
    ):
        raise ValueError(
            "`sample_weight` must be weights of people, (batch,), or of people's "
            f"joints, (batch, joints), where (batch, joints) is {(batch, joints)}. "
            f"Received: shape={shape}"
        )
    if len(shape) == 1:
        weights = weights[:, None]
    return ops.broadcast_to(weights, ops.shape(values))


def _fits(shape, expected) -> bool:
    """Returns whether a shape is as expected, where both are known."""
    return len(shape) == len(expected) and all(
        side == size or None in (side, size) for side, size in zip(shape, expected)
    )
