"""LiteRT files put together: what one gives is what the next one takes.

So a network may be of eight bits and its decoder stay in float32: the converter would
quantize both.

Graphs converted to LiteRT, in several precisions.

Networks for LiteRT (once TensorFlow Lite): phones, boards, browsers.

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

from keras_hourglass.export import verification
from keras_hourglass.export.graph import CROPS_INPUT, HEATMAPS_OUTPUT, CropGraphs
from keras_hourglass.export.metadata import describe_model, refuse_unusable
from keras_hourglass.inference.runtimes import litert as opened
from keras_hourglass.utils import atomic_write, suggest

IDENTIFIER = b"TFL3"
SIGNATURE = "serve_crops"  # that of the SavedModel, of the same inputs and outputs
METADATA_NAME = "about.json"  # name of the metadata
BY_RANK = {3: "keypoints", 2: "scores"}


def append_decoder(network: bytes, decoder: bytes, about: dict) -> bytes:
    """One file of a network, and of the decoder of its heatmaps.

    Args:
        network: From crops to heatmaps.
        decoder: From heatmaps to keypoints and scores.
        about: What the file is to say of itself.
    """
    model, more = (schema.ModelT.InitFromPackedBuf(data) for data in (network, decoder))
    (graph,), (tail,) = model.subgraphs, more.subgraphs
    codes, buffers = len(model.operatorCodes), len(model.buffers)
    model.operatorCodes += more.operatorCodes
    model.buffers += more.buffers
    place = {-1: -1, tail.inputs[0]: graph.outputs[0]}  # -1: an input left out
    for index, tensor in enumerate(tail.tensors):
        if index not in place:
            place[index] = len(graph.tensors)
            tensor.buffer += buffers
            graph.tensors.append(tensor)
    for operator in tail.operators:
        operator.opcodeIndex += codes
        operator.inputs = [place[index] for index in operator.inputs]
        operator.outputs = [place[index] for index in operator.outputs]
        graph.operators.append(operator)
    answers = {BY_RANK[len(tail.tensors[i].shape)]: place[i] for i in tail.outputs}
    answers[HEATMAPS_OUTPUT] = graph.outputs[0]
    graph.outputs = [*answers.values()]
    _name(model, {CROPS_INPUT: graph.inputs[0]}, answers)
    _tell(model, about)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def read_metadata(data: bytes) -> dict:
    """What a file says of itself."""
    model = schema.ModelT.InitFromPackedBuf(data)
    (entry,) = (e for e in model.metadata if e.name == METADATA_NAME.encode())
    return json.loads(bytes(model.buffers[entry.buffer].data))


def _name(model, inputs, outputs):
    """Gives a graph its one signature, and tensors their names in it."""
    signature = schema.SignatureDefT()
    signature.signatureKey = SIGNATURE.encode()
    signature.inputs, signature.outputs = (
        [_entry(model, name, index) for name, index in tensors.items()]
        for tensors in (inputs, outputs)
    )
    model.signatureDefs = [signature]


def _entry(model, name, index):
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name.encode(), index
    model.subgraphs[0].tensors[index].name = name.encode()
    return entry


def _tell(model, about):
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = json.dumps(about).encode()
    entry.name, entry.buffer = METADATA_NAME.encode(), len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    model.description = f"{about['name']}, {about['made_by']}".encode()


PRECISIONS = ("float32", "float16", "int8")


def convert_to_tflite(graph, precision: str = "float32", crops=()) -> bytes:
    """A file that computes what a `tf.function` of one tensor does.

    Args:
        graph: With a signature of known sizes.
        precision: One of `PRECISIONS`: of the weights; with int8 of all that is
            computed, too.
        crops: What the function is given in practice, `(batch, ...)` each; for int8.
    """
    constant = convert_variables_to_constants_v2(graph.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([constant], tf.Module())
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.representative_dataset = lambda: ([crop] for crop in crops)
    return converter.convert()


def error_limit(precision: str = "float32") -> verification.ErrorLimit:
    """How far its joints may be off."""
    limits = (verification.EXACT, verification.ROUNDED, verification.QUANTIZED)
    return dict(zip(PRECISIONS, limits))[precision]


def export(
    model, directory, precision: str = "float32", crops=None, batch_size: int = 1
) -> Path:
    """Writes a file for LiteRT.

    Args:
        model: A `StackedHourglass`.
        directory: Of the file.
        precision: "float32"; "float16", in which weights are kept; or "int8", in
            which the network computes. The decoder is float32.
        crops: `(people, height, width, 3)`, uint8: what is calibrated and checked on.
            By default, people that the library draws.
        batch_size: People that it looks at at once, always as many.

    Returns:
        The file.

    Raises:
        ValueError: If joints are further off than they may.
    """
    if precision not in PRECISIONS:
        raise ValueError(
            f"`precision` must be one of those known. {suggest(precision, PRECISIONS)} "
            f"Received: precision={precision!r}"
        )
    refuse_unusable(model)
    calibrating, checked = verification.calibration_split(
        verification.synthetic_crops(model) if crops is None else crops
    )
    path = Path(directory, f"hourglass{_ending(precision)}.tflite")
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as beside:
        write_litert(model, beside, precision, calibrating, batch_size)
        allowed = error_limit(precision)
        verification.require_close(opened(beside), model, checked, allowed, path.name)
    return path


def write_litert(model, path, precision="float32", calibrating=(), batch_size: int = 1):
    """Writes the file that is named, and does not look at it; see `export`."""
    graphs = CropGraphs(model)
    batches = (np.repeat(crop[None], batch_size, 0) for crop in calibrating)
    network = convert_to_tflite(graphs.heatmaps(batch_size), precision, batches)
    decoder = convert_to_tflite(graphs.joints(batch_size))
    facts = describe_model(model) | {"precision": precision, "batch_size": batch_size}
    Path(path).write_bytes(append_decoder(network, decoder, facts))


def _ending(precision):
    return "" if precision == "float32" else f"_{precision}"
