"""Fusion of a whole network."""

import keras
from keras.layers import Add, Input

from keras_hourglass.models.fusion.chain import fuse_chain
from keras_hourglass.models.fusion.linear import convolution, rebuild, to_numpy
from keras_hourglass.models.hourglass_model import HourglassModel
from keras_hourglass.models.person_detector import PersonDetector
from keras_hourglass.models.stacked_hourglass import StackedHourglass


@keras.saving.register_keras_serializable("keras_hourglass")
class FusedHourglass(StackedHourglass):
    """A fused network, as `fuse` returns it: the same heatmaps, computed faster.

    It predicts, is saved, loaded, exported and served like any other. It has no norms:
    train the original network instead.

    Args:
        graph: The layers, as a plain model.
        network: The configuration of the original network.
    """

    def __init__(self, graph: keras.Model, network: dict):
        self.init_from_graph(graph, network)

    def get_config(self):
        return _config(self, super().get_config())

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return _from_config(cls, config, custom_objects)


@keras.saving.register_keras_serializable("keras_hourglass")
class FusedDetector(PersonDetector):
    """A fused person detector, as `fuse` returns it: see `FusedHourglass`."""

    def __init__(self, graph: keras.Model, network: dict):
        self.init_from_graph(graph, network)

    def get_config(self):
        return _config(self, super().get_config())

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return _from_config(cls, config, custom_objects)


FUSED = {StackedHourglass.task: FusedHourglass, PersonDetector.task: FusedDetector}


def _config(model, network):
    graph = keras.Model(model.input, model.output, name=model.name)
    return {"graph": graph.get_config(), "network": network}


def _from_config(cls, config, custom_objects):
    graph = keras.Model.from_config(config["graph"], custom_objects)
    return cls(graph, config["network"])


def fuse(model: HourglassModel) -> HourglassModel:
    """Fuses a trained network into its inference form: the same heatmaps, faster.

    Batch norms are folded into the convolutions before them, and convolutions with
    nothing between them are merged. Layers unknown to the library, such as custom
    blocks with a `call` of their own, are copied as they are. On CPU this gains 5 to
    38 % of a prediction's time (docs/performance.md).

    Args:
        model: A `StackedHourglass` or a `PersonDetector`, which is not changed; a fused
            one is returned.

    Returns:
        A `FusedHourglass` or a `FusedDetector` with the same inputs and outputs
        (heatmaps equal up to rounding), and weights of its own.

    Raises:
        ValueError: If `model` is neither of them, or a subclass with a `call` of
            its own.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    model = kh.StackedHourglass(1, filters=8, depth=1, image_size=64)
    fused = kh.fuse(model)
    images = np.zeros((1, 64, 64, 3), "uint8")
    expected = model.predict_on_batch(images)
    np.testing.assert_allclose(fused.predict_on_batch(images), expected, atol=1e-4)
    fused.save("fused.keras")
    ```
    """
    if isinstance(model, tuple(FUSED.values())):
        return model
    if not isinstance(model, HourglassModel):
        raise ValueError(
            "`model` must be a StackedHourglass or a PersonDetector. "
            f"Received: a {type(model).__name__}"
        )
    if not can_be_fused(model):
        raise ValueError(
            "`model` must not override `call`: only its layers are fused. Received: a "
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
    fused = FUSED[model.task](graph, model.get_config())
    fused.facts = model.facts
    return fused


def can_be_fused(model: HourglassModel) -> bool:
    """Returns whether a network is its layers' graph, without a `call` of its own."""
    return type(model).call is HourglassModel.call


def _between_stacks(model, first: str, last: str) -> list:
    """Returns the layers from one to another, both by name."""
    names = [layer.name for layer in model.layers]
    return model.layers[names.index(first) : names.index(last) + 1]


def _feedback(model, stack: str, y):
    """Applies the feedback of features and heatmaps to the next stack.

    Heatmaps are linear in the features, and so is their feedback: with that of the
    features it is one convolution.
    """
    features, head, back = (
        model.get_layer(f"{stack}_{part}")
        for part in ("features_back", "heatmaps", "heatmaps_back")
    )
    kernel = to_numpy(features.kernel) + to_numpy(head.kernel) @ to_numpy(back.kernel)
    bias = to_numpy(head.bias) @ to_numpy(back.kernel)[0, 0]
    bias = bias + to_numpy(features.bias) + to_numpy(back.bias)
    return convolution(features, y, kernel, bias, False, features.name)
