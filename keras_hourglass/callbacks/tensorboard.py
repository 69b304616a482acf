"""A network's graph as TensorBoard draws it, made without TensorFlow.

Event files for TensorBoard.
"""

import sys
import time
from pathlib import Path
from types import ModuleType

import keras
from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.compat.proto.versions_pb2 import VersionDef
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from keras_hourglass.visualization.images import encode_image

PRODUCER = 22  # the oldest version of the format that TensorBoard reads as it is


def graph_of(model) -> GraphDef:
    """The layers of a functional model, what each takes from which, and its shape.

    A layer of layers is a box that opens: its name is the scope of those within.
    """
    nodes: dict[str, NodeDef] = {}
    for output in model.outputs:
        _follow(output, "", {}, nodes)
    return GraphDef(node=nodes.values(), versions=VersionDef(producer=PRODUCER))


def _follow(tensor, scope, known, nodes) -> str:
    """Adds whatever leads to a symbolic tensor; the name of the node that gives it.

    Args:
        scope: What names begin with here.
        known: Identity of a tensor -> the node that gives it.
        nodes: By their names, in order.
    """
    if id(tensor) in known:
        return known[id(tensor)]
    # What Keras's own `summary` follows; there is no public way.
    operation, call, _ = tensor._keras_history
    taken = operation._inbound_nodes[call].input_tensors
    inputs = [_follow(each, scope, known, nodes) for each in taken]
    name = scope + operation.name
    while name in nodes:  # a layer that is called again
        name += "_again"
    inside = _inside(operation, taken)
    if inside is None:
        nodes[name] = _node(name, operation, tensor, inputs)
    else:
        begin, end = inside
        name = _follow(end, name + "/", {id(begin): inputs[0]}, nodes)
    known[id(tensor)] = name
    return name


def _inside(operation, taken):
    """What a layer of layers begins and ends with, or None if it is none of these."""
    layers = getattr(operation, "_layers", [])
    if not layers or len(taken) != 1:
        return None
    begin = keras.KerasTensor(taken[0].shape, taken[0].dtype)
    try:
        end = operation.call(begin)
    except Exception:
        return None  # a layer of somebody's own may take nothing but numbers
    return (begin, end) if hasattr(end, "_keras_history") else None


def _node(name, operation, tensor, inputs):
    sides = [-1 if side is None else side for side in tensor.shape]
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=side) for side in sides])
    attributes = {"_output_shapes": AttrValue(list=AttrValue.ListValue(shape=[shape]))}
    if isinstance(operation, keras.Layer):
        attributes["parameters"] = AttrValue(i=operation.count_params())
    kind = type(operation).__name__
    return NodeDef(name=name, op=kind, input=inputs, attr=attributes)


if keras.backend.backend() != "tensorflow":
    # The writer takes TensorFlow where it finds it, which costs seconds, and memory of
    # a GPU. Where there is a module of this name, it does not look.
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("notf"))

PLUGIN = SummaryMetadata.PluginData(plugin_name="text")  # which part shows texts


class TensorBoardLogger(keras.callbacks.Callback):
    """Writes what TensorBoard shows, on any backend of Keras.

    Of each epoch all that is in the logs, the learning rate, and pictures; once the
    network's graph, and texts. Keras's own `TensorBoard` needs TensorFlow.

    Args:
        folder: Where the event files go. One that has some is a run that goes on.
        pictures: Called after each epoch; gives name -> `(height, width, 3)` uint8.
        texts: Name -> Markdown.
    """

    def __init__(self, folder, pictures=None, texts=None):
        super().__init__()
        self.folder, self.pictures = Path(folder), pictures
        self.texts, self.writer = texts or {}, None

    def on_train_begin(self, logs=None):
        goes_on = any(self.folder.glob("events.out.tfevents.*"))
        self.writer = EventFileWriter(str(self.folder))
        if goes_on:  # TensorBoard takes one graph
            return
        if getattr(self.model, "outputs", None):  # functional: its layers are known
            graph = graph_of(self.model).SerializeToString()
            self.writer.add_event(Event(wall_time=time.time(), graph_def=graph))
        self._write(0, [_text_value(name, text) for name, text in self.texts.items()])

    def on_epoch_end(self, epoch, logs=None):
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        numbers = {**(logs or {}), "learning_rate": rate}
        pictures = self.pictures() if self.pictures else {}
        self._write(
            epoch,
            [_scalar_value(name, value) for name, value in numbers.items()]
            + [_image_value(name, image) for name, image in pictures.items()],
        )

    def on_train_end(self, logs=None):
        self.writer.close()

    def _write(self, step, values):
        summary = Summary(value=values)
        self.writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
        self.writer.flush()


def _scalar_value(name, value):
    return Summary.Value(tag=name, simple_value=float(value))


def _image_value(name, image):
    height, width, _ = image.shape
    size = {"height": height, "width": width, "colorspace": 3}  # RGB
    png = Summary.Image(encoded_image_string=encode_image(image, ".png"), **size)
    return Summary.Value(tag=name, image=png)


def _text_value(name, text):
    tensor = TensorProto(dtype=DT_STRING, string_val=[text.encode()])
    metadata = SummaryMetadata(plugin_data=PLUGIN)
    return Summary.Value(tag=name, metadata=metadata, tensor=tensor)
