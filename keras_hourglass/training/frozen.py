"""Layers that training leaves as they are."""

import math

from keras_hourglass.choices import hint
from keras_hourglass.model import StackedHourglass


def freeze(model: StackedHourglass, names) -> int:
    """Ends the training of layers, to be called before `compile`.

    Their batch norms use the statistics that they have, as in prediction.

    Args:
        model: The network.
        names: Of its layers, or what their names begin with, up to a `_`: `stem`,
            `stack_1`, `stack_1_block_1`.

    Returns:
        The number of weights that are not trained any more.

    Raises:
        ValueError: If a name fits no layer; with a guess at what was meant.
    """
    layers = [layer for layer in model.layers if layer.weights]
    before = _trained(model)
    for name in names:
        chosen = [x for x in layers if x.name == name or x.name.startswith(name + "_")]
        if not chosen:
            raise ValueError(
                "`freeze` must name layers, or what their names begin with. "
                f"{hint(name, _beginnings(layers))} Received: {name!r}"
            )
        for layer in chosen:
            layer.trainable = False
    return before - _trained(model)


def _trained(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def _beginnings(layers):
    """All that layers' names begin with, short ones first."""
    parts = [layer.name.split("_") for layer in layers]
    found = {"_".join(part[:i]) for part in parts for i in range(1, len(part) + 1)}
    return sorted(found - {"stack"}, key=len)
