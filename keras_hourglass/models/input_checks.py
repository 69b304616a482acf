"""Checks of the first batch of `fit` and `evaluate`, in plain sentences.

Without them, wrong shapes fail within some operation of the first step, and images
from 0 to 1 train a network that sees black.
"""

from types import GeneratorType

import keras

CHECKED_IMAGES = 32  # of an array, for their values


def check_first_batch(model, x, y=None):
    """Checks images and labels against a network, as far as they can be read twice.

    Arrays, finite `tf.data` datasets and each `PyDataset` are checked by shapes and
    values, generators and other `tf.data` datasets by shapes alone. Anything else is
    left to Keras, and so are the labels of losses that are not the library's.

    Args:
        model: An `HourglassModel`.
        x: Images or batches, as `keras.Model.fit` takes them.
        y: Labels, where `x` is images.

    Returns:
        `x`; in place of a generator another one that starts with the same batch.

    Raises:
        ValueError: If a shape does not fit, or float images lie in 0 to 1.
    """
    if type(x).__name__ == "People":  # its module is above this one
        raise ValueError(
            "`x` must be images or batches: `people.batches(model)` makes them. "
            f"Received: {x!r}"
        )
    if isinstance(x, GeneratorType):
        batch, x = _peek(x)
        _check_shapes(model, *_unpack(batch))
    elif isinstance(x, keras.utils.PyDataset):
        if x.num_batches != 0:
            images, labels = _unpack(x[0])
            _check_shapes(model, images, labels)
            _check_values(images)
    elif hasattr(x, "element_spec"):
        images, labels = _unpack(x.element_spec)
        _check_shapes(model, images, labels)
        if _is_float(images) and _is_finite(x):
            _check_values(_unpack(next(iter(x.take(1)), None))[0])
    else:
        images = _single(x)
        if y is None and _is_float(images) and _takes_labels(model):
            raise ValueError("`y` must be given, where `x` is images. Received: y=None")
        _check_shapes(model, images, _single(y))
        _check_values(images)
    return x


def _peek(generator):
    """Returns the first batch of a generator, and a generator of all its batches."""
    batch = next(generator, None)

    def restored():
        if batch is not None:
            yield batch
            yield from generator

    return batch, restored()


def _unpack(batch):
    """Returns the images and the labels of a batch."""
    images, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
    return _single(images), _single(labels)


def _single(value):
    """Returns the only entry of a list or dictionary of inputs."""
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list | tuple) and len(value) == 1:
        return value[0]
    return value


def _is_float(images) -> bool:
    dtype = getattr(images, "dtype", None)
    return dtype is not None and "float" in keras.backend.standardize_dtype(dtype)


def _is_finite(dataset) -> bool:
    """Returns whether a `tf.data` dataset has a known, finite number of batches."""
    return hasattr(dataset, "take") and int(dataset.cardinality()) > 0


def _check_shapes(model, images, labels):
    height, width = model.image_size
    if not _fits(images, (height, width, 3)):
        raise ValueError(
            f"`x` must be images of shape (batch, {height}, {width}, 3), by the "
            f"`image_size` of the model. Received: shape={tuple(images.shape)}"
        )
    if _takes_labels(model) and not _fits(labels, model.label_shape):
        shape = ", ".join("rows" if n is None else str(n) for n in model.label_shape)
        raise ValueError(
            f"`y` must be labels of shape (batch, {shape}): {model.label_meaning}. "
            f"Received: shape={tuple(labels.shape)}"
        )


def _takes_labels(model) -> bool:
    """Returns whether the loss is one of labels; others have targets of their own."""
    return getattr(model.loss, "takes_labels", False)


def _fits(value, expected) -> bool:
    """Returns whether a shape, where known, is as expected after the batch axis."""
    shape = getattr(value, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:
        return True
    _, *sides = tuple(shape) or (None,)
    return len(sides) == len(expected) and all(
        None in (side, size) or side == size for side, size in zip(sides, expected)
    )


def _check_values(images):
    if not _is_float(images) or 0 in tuple(images.shape):
        return
    values = keras.ops.convert_to_numpy(images[:CHECKED_IMAGES])
    low, high = float(values.min()), float(values.max())
    if 0 <= low < high <= 1:
        raise ValueError(
            "`x` must be images of values from 0 to 255: multiply them by 255. "
            f"Received: values from {low:g} to {high:g}"
        )


def validate_precision(model):
    """Checks that weights are not trained in 16 bits, which round small changes off."""
    dtypes = [keras.config.floatx(), *(w.dtype for w in model.trainable_variables)]
    if sixteen := {"float16", "bfloat16"} & {*dtypes}:
        raise ValueError(
            "`floatx` and the dtype of weights must be 'float32' or 'float64' in "
            "training: keras.config.set_dtype_policy('mixed_bfloat16') computes in 16 "
            f"bits, with such weights. Received: {', '.join(sorted(sixteen))}"
        )
