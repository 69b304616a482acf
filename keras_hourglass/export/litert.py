"""Export to LiteRT (once TensorFlow Lite): phones, boards, browsers.

Network and decoder are converted apart and joined in one file, so that a network of
8 bits has a decoder in float32: the converter would quantize both.

https://ai.google.dev/edge/litert
"""

import json
from pathlib import Path

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from keras_hourglass.export.graph import (
    CROPS_INPUT,
    HEATMAPS_OUTPUT,
    PLACES_OUTPUT,
    CropGraphs,
)
from keras_hourglass.export.metadata import describe_model
from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.inference.runtimes.metadata import METADATA_NAME

FILE_IDENTIFIER = b"TFL3"
SIGNATURE = "serve_crops"  # of the SavedModel, with the same inputs and outputs
MISSING_INPUT = -1  # index of an optional input that is left out


def write(
    model,
    path,
    decoder: str = DEFAULT_DECODER,
    precision: str = "float32",
    calibration=(),
    batch_size: int = 1,
):
    """Writes a LiteRT file.

    Args:
        model: A `StackedHourglass` or a `PersonDetector`.
        path: Path of the file.
        decoder: One of `heatmaps.DECODER_NAMES`. It computes in float32.
        precision: "float32"; "float16", that of the weights; or "int8", in which the
            network computes.
        calibration: `(people, height, width, 3)`, uint8: crops that the ranges of
            8-bit values are measured on.
        batch_size: People at once, a fixed number.

    Returns:
        The metadata in the file.
    """
    graphs = CropGraphs(model, decoder, broadcast=True)
    batches = (np.repeat(crop[None], batch_size, 0) for crop in calibration)
    network = convert_to_tflite(graphs.network(batch_size), precision, batches)
    tail = convert_to_tflite(graphs.decoder(batch_size))
    facts = describe_model(model, decoder, precision, batch_size=batch_size)
    output_of_rank = {3: PLACES_OUTPUT[model.task], 2: "scores"}
    Path(path).write_bytes(append_decoder(network, tail, output_of_rank, facts))
    return facts


def convert_to_tflite(graph, precision: str = "float32", samples=()) -> bytes:
    """Converts a `tf.function` of one tensor.

    Args:
        graph: A function whose input signature has a known shape.
        precision: "float32", "float16" or "int8".
        samples: Inputs of the function, batches, for the calibration of "int8".
    """
    constant = convert_variables_to_constants_v2(graph.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([constant], tf.Module())
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.representative_dataset = lambda: ([sample] for sample in samples)
    return converter.convert()


def append_decoder(
    network: bytes, decoder: bytes, output_of_rank: dict, facts: dict
) -> bytes:
    """Joins a network and the decoder of its heatmaps in one file.

    Args:
        network: A file from crops to heatmaps.
        decoder: A file from heatmaps to keypoints and scores, or to boxes and scores.
        output_of_rank: Number of dimensions of a decoder's output -> its name.
        facts: The metadata of the new file.
    """
    model, more = (schema.ModelT.InitFromPackedBuf(data) for data in (network, decoder))
    (graph,), (tail,) = model.subgraphs, more.subgraphs
    codes, buffers = len(model.operatorCodes), len(model.buffers)
    model.operatorCodes += more.operatorCodes
    model.buffers += more.buffers
    new_index = {MISSING_INPUT: MISSING_INPUT, tail.inputs[0]: graph.outputs[0]}
    for index, tensor in enumerate(tail.tensors):
        if index not in new_index:
            new_index[index] = len(graph.tensors)
            tensor.buffer += buffers
            graph.tensors.append(tensor)
    for operator in tail.operators:
        operator.opcodeIndex += codes
        operator.inputs = [new_index[index] for index in operator.inputs]
        operator.outputs = [new_index[index] for index in operator.outputs]
        graph.operators.append(operator)
    outputs = {
        output_of_rank[len(tail.tensors[i].shape)]: new_index[i] for i in tail.outputs
    }
    outputs[HEATMAPS_OUTPUT] = graph.outputs[0]
    graph.outputs = [*outputs.values()]
    _set_signature(model, {CROPS_INPUT: graph.inputs[0]}, outputs)
    _set_metadata(model, facts)
    return pack(model)


def pack(model: schema.ModelT) -> bytes:
    """Returns the file of a model."""
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


def _set_signature(model, inputs, outputs):
    """Gives a graph its one signature, and tensors their names in it."""
    signature = schema.SignatureDefT()
    signature.signatureKey = SIGNATURE.encode()
    signature.inputs, signature.outputs = (
        [_tensor_map(model, name, index) for name, index in tensors.items()]
        for tensors in (inputs, outputs)
    )
    model.signatureDefs = [signature]


def _tensor_map(model, name, index):
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name.encode(), index
    model.subgraphs[0].tensors[index].name = name.encode()
    return entry


def _set_metadata(model, facts):
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = json.dumps(facts).encode()
    entry.name, entry.buffer = METADATA_NAME.encode(), len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    model.description = f"{facts['name']}, {facts['made_by']}".encode()
