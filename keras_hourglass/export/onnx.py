"""Export to ONNX, which many runtimes read. https://onnx.ai"""

from pathlib import Path

from keras_hourglass.export.graph import CropGraphs
from keras_hourglass.export.metadata import describe_model, to_strings
from keras_hourglass.heatmaps import DEFAULT_DECODER

OPSET = 17  # of 2022, which runtimes of some years ago read, too


def write(model, path, decoder: str = DEFAULT_DECODER):
    """Writes an ONNX file for any number of people at once.

    Args:
        model: A `StackedHourglass` or a `PersonDetector`.
        path: Path of the file.
        decoder: One of `heatmaps.DECODER_NAMES`, of keypoints.

    Returns:
        The metadata in the file.
    """
    import onnx
    import tf2onnx

    graph = CropGraphs(model, decoder).complete()
    converted, _ = tf2onnx.convert.from_function(
        graph, input_signature=graph.input_signature, opset=OPSET
    )
    for tensor in (*converted.graph.input, *converted.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    facts = describe_model(model, decoder)
    onnx.helper.set_model_props(converted, to_strings(facts))
    Path(path).write_bytes(converted.SerializeToString())
    return facts
