"""Networks as ONNX files, which many runtimes read. https://onnx.ai"""

from pathlib import Path

from keras_hourglass.export import verification
from keras_hourglass.export.graph import CropGraphs
from keras_hourglass.export.metadata import (
    describe_model,
    refuse_unusable,
    require_extra,
    to_texts,
)
from keras_hourglass.inference.runtimes import onnx as opened
from keras_hourglass.utils import atomic_write

OPSET = 17  # of 2022: what runtimes of some years ago read, too


def error_limit() -> verification.ErrorLimit:
    """How far its joints may be off."""
    return verification.EXACT


def export(model, directory, crops=None) -> Path:
    """Writes an ONNX file, for any number of people at once.

    Args:
        model: A `StackedHourglass`.
        directory: Of the file.
        crops: `(people, height, width, 3)`, uint8: what is checked on. By default,
            people that the library draws.

    Returns:
        The file.

    Raises:
        ValueError: If joints are further off than they may.
        ModuleNotFoundError: If a package is missing.
    """
    require_extra("onnx", "tf2onnx", "onnx", "onnxruntime")
    refuse_unusable(model)
    crops = verification.synthetic_crops(model) if crops is None else crops
    path = Path(directory, "hourglass.onnx")
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as beside:
        write_onnx(model, beside)
        _, checked = verification.calibration_split(crops)
        verification.require_close(
            opened(beside), model, checked, error_limit(), path.name
        )
    return path


def write_onnx(model, path):
    """Writes the file that is named, and does not look at it."""
    tf2onnx, onnx = require_extra("onnx", "tf2onnx", "onnx")
    graph = CropGraphs(model).whole()
    network, _ = tf2onnx.convert.from_function(
        graph, input_signature=graph.input_signature, opset=OPSET
    )
    onnx.helper.set_model_props(network, to_texts(describe_model(model)))
    Path(path).write_bytes(network.SerializeToString())
