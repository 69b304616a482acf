"""Networks as others run them, without Keras and without this library."""

from importlib import import_module
from pathlib import Path

import keras

from keras_hourglass.export import under_tensorflow
from keras_hourglass.utils import suggest

# Format -> the module whose `export(model, directory, **options)` writes it, which is
# imported when it is asked for.
FORMATS = {
    "savedmodel": "saved_model",
    "litert": "litert",
    "onnx": "onnx",
    "openvino": "openvino",
}


def export_format(model, directory, format: str = "savedmodel", **options) -> Path:
    """Writes a network in a format.

    Args:
        model: A `StackedHourglass`, on any backend of Keras.
        directory: Is made if it is not there.
        format: A key of `FORMATS`.
        options: Of the format: see its module.

    Returns:
        What was written.

    Raises:
        ValueError: If there is no such format, or the network cannot be used.
    """
    if format in FORMATS and keras.backend.backend() != "tensorflow":
        return under_tensorflow.export_under_tensorflow(
            model, directory, format, options
        )
    return format_module(format).export(model, directory, **options)


def format_module(format: str):
    """The module of a format: it has `export`, `opened` and `limit`.

    Raises:
        ValueError: If there is no such format.
    """
    if format not in FORMATS:
        raise ValueError(
            f"`format` must be one of those known. {suggest(format, FORMATS)} "
            f"Received: format={format!r}"
        )
    return import_module(f"{__name__}.{FORMATS[format]}")
