"""LiteRT files put together: what one gives is what the next one takes.

So a network may be of eight bits and its decoder stay in float32: the converter would
quantize both.
"""

import json

import flatbuffers
from tensorflow.lite.python import schema_py_generated as schema

from keras_hourglass.export.from_crops import CROPS, HEATMAPS

IDENTIFIER = b"TFL3"
SIGNATURE = "serve_crops"  # that of the SavedModel, of the same inputs and outputs
ABOUT = "about.json"  # name of the metadata
BY_RANK = {3: "keypoints", 2: "scores"}


def joined(network: bytes, decoder: bytes, about: dict) -> bytes:
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
    answers[HEATMAPS] = graph.outputs[0]
    graph.outputs = [*answers.values()]
    _name(model, {CROPS: graph.inputs[0]}, answers)
    _tell(model, about)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def told(data: bytes) -> dict:
    """What a file says of itself."""
    model = schema.ModelT.InitFromPackedBuf(data)
    (entry,) = (e for e in model.metadata if e.name == ABOUT.encode())
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
    entry.name, entry.buffer = ABOUT.encode(), len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    model.description = f"{about['name']}, {about['made_by']}".encode()
