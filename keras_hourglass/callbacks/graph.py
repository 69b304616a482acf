"""A network's graph as TensorBoard draws it, made without TensorFlow."""

import keras
from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.versions_pb2 import VersionDef

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
