"""Fine-tuning: initial weights from another network, and frozen layers."""

from dataclasses import dataclass

import keras
import numpy as np

from keras_hourglass.heatmaps.boxes import CHANNELS
from keras_hourglass.models.blocks import Bottleneck
from keras_hourglass.models.config import OF_WEIGHTS
from keras_hourglass.models.flops import count_frozen
from keras_hourglass.models.hourglass_model import HourglassModel
from keras_hourglass.models.trunk.layer_utils import sublayers
from keras_hourglass.utils import suggest

SAME_TO_WIDEN = "block", "blocks", "depth"  # arguments of both networks
# Axes of the joints in the weights of a layer, by the end of its name.
JOINT_AXES = {"_heatmaps": (-1, -1), "_heatmaps_back": (-2, None)}


@dataclass(frozen=True)
class TransferReport:
    """Result of a transfer of weights.

    Attributes:
        kept: Layers that have the source's weights; for heatmap layers, those of the
            joints in common. In a wider network, they have others besides.
        new: Layers with random weights: the source has none of that name and shape.
        kept_joints: Joints whose heatmaps have the source's weights.
        joints: Joints whose heatmaps have random weights.
    """

    kept: tuple[str, ...]
    new: tuple[str, ...]
    kept_joints: tuple[str, ...]
    joints: tuple[str, ...]

    def __str__(self):
        text = f"{len(self.kept)} of {len(self.kept + self.new)} layers were loaded"
        if self.new:
            text += f"; initialized at random: {', '.join(self.new)}"
        if self.joints:  # of another skeleton
            text += f"; joints loaded: {', '.join(self.kept_joints) or 'none'}"
            text += f"; joints initialized at random: {', '.join(self.joints)}"
        return text


def network_config(model: HourglassModel) -> dict:
    """Returns the arguments of a network that is to have a model's weights.

    Without `offset`: training corrects what it stands for. Without `calibration`: it is
    that of other weights.

    Raises:
        ValueError: If the model is fused.
    """
    config = model.get_config()
    if "graph" in config:
        raise ValueError(
            "`init_weights` must be the network that was trained, with its norms. "
            "Received: its fused form"
        )
    left_out = {*OF_WEIGHTS, "name", "trainable", "frozen"}
    return {k: v for k, v in config.items() if k not in left_out}


def transfer_weights(source: HourglassModel, target: HourglassModel) -> TransferReport:
    """Copies all weights that fit from one network to another, by the layers' names.

    For the layers that predict heatmaps, and those that feed them to the next stack,
    the joints of the same name are copied, whatever their order. From a network for
    another task, these layers are not copied.

    A network with more channels (`filters`, at all sizes or at some, `stem_filters`),
    but for that like the source, predicts what the source does: the further channels
    begin at random, and no former one depends on them. Chen, Goodfellow, Shlens.
    Net2Net, ICLR 2016. https://arxiv.org/abs/1511.05641. Blocks that concatenate cannot
    be widened (`Bottleneck.widens`).
    """
    source_layers = {layer.name: layer for layer in source.layers}
    joints, common = (), []
    if target.task == "pose":
        joints, known = target.skeleton.joints, getattr(source, "skeleton", ())
        common = [name for name in joints if name in known]
    indices = [], []
    if common:
        indices = source.skeleton.indices(common), target.skeleton.indices(common)
    elif source.task == target.task == "detect":
        indices = ([*range(CHANNELS)],) * 2
    alike = all(getattr(source, x) == getattr(target, x) for x in SAME_TO_WIDEN)
    widens = alike and getattr(target.block, "widens", False)
    kept, new = [], []
    for layer in target.layers:
        if not layer.weights:
            continue
        other = source_layers.get(layer.name)
        weights = other and _transferred(other, layer, widens, *indices)
        for variable, value in weights or ():
            variable.assign(value)
        (kept if weights else new).append(layer.name)
    # Where the heads do not fit, no joint of theirs is kept.
    kept_joints = common if any(name.endswith("_heatmaps") for name in kept) else []
    lost = [name for name in joints if name not in kept_joints]
    return TransferReport(*map(tuple, (kept, new, kept_joints, lost)))


def _transferred(source, target, widens, source_joints, target_joints):
    """Pairs a layer's weights with their new values; None if some do not fit at all."""
    end = next((x for x in JOINT_AXES if target.name.endswith(x)), None)
    pairs = _paired(source, target)
    if not pairs or end and not target_joints:
        return None
    values = []
    for (a, weight), axis in zip(
        pairs, JOINT_AXES[end] if end else [None] * len(pairs)
    ):
        b = np.copy(keras.ops.convert_to_numpy(weight))
        if axis is None:
            b = _widened(a, b, widens)
        else:
            known = _widened(
                a.take(source_joints, axis), b.take(target_joints, axis), widens
            )
            if known is None:
                return None
            np.moveaxis(b, axis, 0)[list(target_joints)] = np.moveaxis(known, axis, 0)
        if b is None:
            return None
        values.append((weight, b))
    return values


def _paired(source, target) -> list:
    """Pairs values of one layer with the weights of another; none if they differ.

    Where a block of the target has a shortcut, since its output has other channels than
    its input, and the source's has none, the value is that of one that does nothing.
    """
    blocks = [
        [each for each in (layer, *sublayers(layer)) if isinstance(each, Bottleneck)]
        for layer in (source, target)
    ]
    if not any(blocks):
        blocks = [[layer] for layer in (source, target)]
    if len(blocks[0]) != len(blocks[1]):
        return []
    pairs = []
    for old, new in zip(*blocks):
        weights, shortcut = _split_weights(new)
        values, known = (
            [*map(keras.ops.convert_to_numpy, each)] for each in _split_weights(old)
        )
        if shortcut and not known:
            known = [np.eye(old.filters)[None, None], np.zeros(old.filters)]
        if len(values) != len(weights) or len(known) != len(shortcut):
            return []
        pairs += zip((*values, *known), (*weights, *shortcut))
    return pairs


def _split_weights(layer):
    """Lists the weights of a layer, and those of its shortcut if it is a block."""
    shortcut = getattr(layer, "shortcut", None)
    shortcut = [] if shortcut is None else shortcut.weights
    return [w for w in layer.weights if all(w is not x for x in shortcut)], shortcut


def _widened(old, new, widens):
    """Returns new weights with the old ones in them; None if they do not fit."""
    if old.shape == new.shape:
        return old
    sizes = [*zip(old.shape, new.shape)]
    fit = old.ndim == new.ndim and all(a == b for a, b in sizes[:-2])
    if not (widens and fit and all(a <= b for a, b in sizes)):
        return None
    new = new.copy()
    is_depthwise = old.ndim == 4 and old.shape[-1] == 1 < old.shape[0]
    if old.ndim > 1 and not is_depthwise:
        new[..., : old.shape[-1]] = 0  # former outputs depend on former inputs alone
    new[tuple(slice(a) for a in old.shape)] = old
    return new


def freeze_layers(model: HourglassModel, names) -> int:
    """Freezes layers. Must come before `compile`.

    Their batch normalization uses its moving statistics, as in prediction.

    Args:
        model: The network.
        names: Names of layers, or their beginnings up to a `_`: `stem`, `stack_1`,
            `stack_1_block_1`.

    Returns:
        The number of weights that are frozen.

    Raises:
        ValueError: If a name fits no layer.
    """
    layers = [layer for layer in model.layers if layer.weights]
    before = count_frozen(model)
    for name in names:
        chosen = [x for x in layers if x.name == name or x.name.startswith(name + "_")]
        if not chosen:
            raise ValueError(
                "`freeze` must be names of layers, or their beginnings. "
                f"{suggest(name, _beginnings(layers))} Received: {name!r}"
            )
        for layer in chosen:
            layer.trainable = False
    return count_frozen(model) - before


def _beginnings(layers):
    """Lists all beginnings of layers' names, short ones first."""
    parts = [layer.name.split("_") for layer in layers]
    names = {"_".join(part[:i]) for part in parts for i in range(1, len(part) + 1)}
    return sorted(names - {"stack"}, key=len)
