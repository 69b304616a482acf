"""The inference form of a whole network."""

import keras
from keras.layers import Add, Input

from keras_hourglass import skeletons
from keras_hourglass.models import blocks
from keras_hourglass.models.fusion.chain import fuse_chain
from keras_hourglass.models.fusion.linear import convolution, rebuild, to_numpy
from keras_hourglass.models.stacked_hourglass import StackedHourglass


@keras.saving.register_keras_serializable("keras_hourglass")
class FusedHourglass(StackedHourglass):
    """What `fuse` gives: says the same as the network that it was made of, sooner.

    It predicts, is saved, loaded, exported and served like any other. It has no
    norms, so training is for the network that it was made of.

    Args:
        graph: The layers, as a plain model.
        network: The configuration of the network that it was made of.
    """

    def __init__(self, graph: keras.Model, network: dict):
        # The layers are there already: past the constructor that would make others.
        super(StackedHourglass, self).__init__(
            graph.input, graph.output, name=network["name"]
        )
        self.stacks, self.blocks = network["stacks"], network["blocks"]
        self.filters, self.stem_filters = network["filters"], network["stem_filters"]
        self.block, self.depth = blocks.get(network["block"]), network["depth"]
        self.skeleton = skeletons.get(network["skeleton"])
        self.image_size = tuple(network["image_size"])
        self.offset = tuple(network["offset"])

    def get_config(self):
        graph = keras.Model(self.input, self.output, name=self.name)
        return {"graph": graph.get_config(), "network": super().get_config()}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        graph = keras.Model.from_config(config["graph"], custom_objects)
        return cls(graph, config["network"])


def fuse(model: StackedHourglass) -> FusedHourglass:
    """The inference form of a network: the same heatmaps, sooner.

    Norms are folded into the convolutions before them, and convolutions with nothing
    in between become one. What is not known to the library, like a block of a user's
    own with a `call` of its own, stays as it is. The network itself is not changed.

    Args:
        model: As trained.

    Returns:
        A network of the same inputs and outputs, with weights of its own.

    Raises:
        ValueError: If it is no `StackedHourglass`, or has a `call` of its own.
    """
    if isinstance(model, FusedHourglass):
        return model
    if not isinstance(model, StackedHourglass):
        raise ValueError(
            f"`model` must be a StackedHourglass. Received: a {type(model).__name__}"
        )
    if not can_be_fused(model):
        raise ValueError(
            "`model` must work as its layers say. Received: a "
            f"{type(model).__name__}, which has a `call` of its own"
        )
    images = x = Input(model.input_shape[1:], name="images")
    heatmaps = []
    x = fuse_chain(_between_stacks(model, "normalize", "stem_block_3"), x, "stem")
    for stack in range(1, model.stacks + 1):
        name = f"stack_{stack}"
        y = fuse_chain(_between_stacks(model, name, f"{name}_relu"), x, name)
        head = model.get_layer(f"{name}_heatmaps")
        heatmaps.append(fuse_chain([head], y, head.name))
        if stack < model.stacks:
            x = Add(name=f"{name}_sum")([x, _feedback(model, name, y)])
    last = model.get_layer("heatmaps")
    graph = keras.Model(images, rebuild(last, heatmaps, last.name))
    return FusedHourglass(graph, model.get_config())


def can_be_fused(model: StackedHourglass) -> bool:
    """Whether its layers are all that there is to it."""
    return type(model).call is StackedHourglass.call


def _between_stacks(model, first: str, last: str) -> list:
    """The layers from one to another, both by name."""
    names = [layer.name for layer in model.layers]
    return model.layers[names.index(first) : names.index(last) + 1]


def _feedback(model, stack: str, y):
    """What the next stack gets of this one's features, and of the heatmaps from them.

    Heatmaps are linear in the features, and what is made of them again, too: with the
    features' own way back it is one convolution.
    """
    features, head, back = (
        model.get_layer(f"{stack}_{part}")
        for part in ("features_back", "heatmaps", "heatmaps_back")
    )
    kernel = to_numpy(features.kernel) + to_numpy(head.kernel) @ to_numpy(back.kernel)
    bias = to_numpy(head.bias) @ to_numpy(back.kernel)[0, 0]
    bias = bias + to_numpy(features.bias) + to_numpy(back.bias)
    return convolution(features, y, kernel, bias, False, features.name)
