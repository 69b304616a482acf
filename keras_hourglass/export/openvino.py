"""Export to OpenVINO, Intel's runtime. https://docs.openvino.ai"""

from keras_hourglass.export.graph import CropGraphs
from keras_hourglass.export.metadata import describe_model, to_strings
from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.inference.runtimes.metadata import OPENVINO_SECTION


def write(model, path, decoder: str = DEFAULT_DECODER):
    """Writes a network for any number of people at once, in float32.

    Args:
        model: A `StackedHourglass` or a `PersonDetector`.
        path: Path of the `.xml` file. The weights go to a `.bin` file of that name.
        decoder: One of `heatmaps.DECODER_NAMES`, of keypoints.

    Returns:
        The metadata in the file.
    """
    import openvino

    graph = CropGraphs(model, decoder).complete()
    converted = openvino.convert_model(graph.get_concrete_function())
    converted.get_parameters()[0].set_layout(openvino.Layout("NHWC"))  # N: the batch
    facts = describe_model(model, decoder)
    for name, text in to_strings(facts).items():
        converted.set_rt_info(text, [OPENVINO_SECTION, name])
    try:
        openvino.save_model(converted, path, compress_to_fp16=False)
    except RuntimeError as error:  # of a stream, without a cause
        raise OSError(f"{path} was not written: is the disk full? {error}") from error
    return facts
