"""Weights of one network in another, as far as they fit.

Layers that training leaves as they are.
"""

import math
from dataclasses import dataclass

from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.utils import suggest


@dataclass(frozen=True)
class TransferReport:
    """What became of a network's weights.

    Attributes:
        kept: Layers that have the source's weights now, heatmaps' joint by joint.
        new: Layers that still begin anew: the source has none of that name and size.
        joints: Joints whose heatmaps begin anew.
    """

    kept: tuple[str, ...]
    new: tuple[str, ...]
    joints: tuple[str, ...]

    def __str__(self):
        text = (
            f"{len(self.kept)} of {len(self.kept + self.new)} layers have its weights"
        )
        if self.new:
            text += f"; these begin anew: {', '.join(self.new)}"
        if self.joints:
            text += f"; so do the heatmaps of {', '.join(self.joints)}"
        return text


def network_config(model: StackedHourglass) -> dict:
    """Those of the constructor that another network with its weights should have.

    Not its `offset`: training teaches the network what it was off by.
    """
    left_out = {"offset", "name", "trainable"}
    return {k: v for k, v in model.get_config().items() if k not in left_out}


def transfer_weights(
    source: StackedHourglass, target: StackedHourglass
) -> TransferReport:
    """Gives a network all weights of another that fit, layer by layer by name.

    Of the layers that draw heatmaps, and those that feed them back to the next stack,
    the joints of the same name are kept, whatever their order.
    """
    theirs = {layer.name: layer for layer in source.layers}
    joints, known = target.skeleton.joints, source.skeleton.joints
    common = [name for name in joints if name in known]
    indices = source.skeleton.indices(common), target.skeleton.indices(common)
    kept, new = [], []
    for layer in target.layers:
        if not layer.weights:
            continue
        other = theirs.get(layer.name)
        weights = other and _fitting(other, layer, *indices)
        if weights:
            layer.set_weights(weights)
        (kept if weights else new).append(layer.name)
    return TransferReport(
        tuple(kept), tuple(new), tuple(name for name in joints if name not in known)
    )


def _fitting(source, target, theirs, ours):
    """A layer's weights with all that it can have of another's; None for nothing."""
    old, new = source.get_weights(), target.get_weights()
    if target.name.endswith("_heatmaps"):
        axes = (-1, -1)  # of the joints, in kernel and bias
    elif target.name.endswith("_heatmaps_back"):
        axes = (-2, None)
    else:
        same = [w.shape for w in old] == [w.shape for w in new]
        return old if same else None
    for a, b, axis in zip(old, new, axes):
        if axis is None:
            b[...] = a if a.shape == b.shape else b
            continue
        a, b = a.swapaxes(axis, -1), b.swapaxes(axis, -1)  # views
        if a.shape[:-1] != b.shape[:-1] or not ours:
            return None
        b[..., list(ours)] = a[..., list(theirs)]
    return new


def freeze_layers(model: StackedHourglass, names) -> int:
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
                f"{suggest(name, _beginnings(layers))} Received: {name!r}"
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
