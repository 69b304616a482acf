"""Conversion between PyTorch checkpoints and networks, both ways.

The checkpoints are those of `pytorch-pose` (https://github.com/bearpaw/pytorch-pose)
and `pytorch-stacked-hourglass` (https://github.com/anibali/pytorch-stacked-hourglass),
whose networks subtract the same mean from images and pad with zeros after that, as
here: the weights need no correction.
"""

import logging
from pathlib import Path

from keras import ops

from keras_hourglass.models import blocks
from keras_hourglass.models.blocks.residual import ResidualBlock
from keras_hourglass.models.config import CONFIG_FILE
from keras_hourglass.models.fusion.network import FusedHourglass
from keras_hourglass.models.hourglass_model import HourglassModel
from keras_hourglass.models.loading import load_argument
from keras_hourglass.models.presets import PRESETS_OF, hub
from keras_hourglass.models.pytorch import checkpoint, mapping
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.utils.files import atomic_write, require_writable, suffix_of

KERAS_ENDING = ".keras"
TORCH_ENDINGS = (".pth", ".pt", ".tar", ".ckpt", ".bin")
logger = logging.getLogger(__name__)


def convert(source, target=None, *, skeleton=None, **network) -> StackedHourglass:
    """Converts a PyTorch checkpoint into a network, or a network into a checkpoint.

    Args:
        source: A checkpoint (`.pth`, `.pt`) of `pytorch-pose` or
            `pytorch-stacked-hourglass`; or a network: a `StackedHourglass`, a `.keras`
            file, a run's folder or a preset with weights.
        target: The file to write: of a checkpoint, a `.keras` file, or None to write
            none; of a network, a checkpoint for
            `torch_model.load_state_dict(torch.load(target))`.
        skeleton: Of a checkpoint: its joints, in the order of the heatmaps, as a
            `Skeleton`, its name or configuration. By default, "mpii", "lsp" or "coco",
            by their number.
        **network: Of a checkpoint: arguments of `StackedHourglass` that its weights do
            not determine: `image_size` (default 256), `offset` and `calibration`. The
            others are read from the weights.

    Returns:
        The network.

    Raises:
        FileNotFoundError: If `source` does not exist.
        ImportError: If PyTorch (extra `torch`) is not installed.
        ValueError: If the files' endings are wrong, the checkpoint is of another
            network (the first names that differ are listed), or the network's blocks
            are not "residual", the only ones that those repositories have.

    Example:

    ```python
    import keras_hourglass as kh

    model = kh.StackedHourglass(2, filters=8, depth=1, image_size=64)
    kh.convert(model, "weights.pth")
    again = kh.convert("weights.pth", "model.keras", image_size=64)
    assert again.stacks == 2 and again.skeleton == model.skeleton
    ```
    """
    is_model = (
        isinstance(source, HourglassModel)
        or hub.is_address(source)
        or any(str(source) in presets for presets in PRESETS_OF.values())
    )
    if not is_model:
        source = Path(source).expanduser()
        if not source.exists():
            raise FileNotFoundError(
                "`source` must be a PyTorch checkpoint, a network's file or folder, or "
                f"a preset. Received: source={str(source)!r}"
            )
        is_model = suffix_of(source) == KERAS_ENDING or source.name == CONFIG_FILE
        is_model = is_model or source.is_dir()
    if skeleton is not None:
        network["skeleton"] = skeleton
    if is_model:
        _check_target(target, of_network=True)
        for name, value in network.items():
            raise ValueError(
                f"`{name}` must not be given where `source` is a network: it has its "
                f"own. Received: {name}={value!r}"
            )
        model = load_argument(source, "source")
        require_writable(target)
        _make_parent(target)
        to_torch(model, target)
        return model
    _check_target(target, of_network=False)
    if target is not None:
        require_writable(target)
    model = from_torch(source, **network)
    if target is not None:
        _make_parent(target)
        with atomic_write(target) as temporary:
            model.save(temporary)
    return model


def from_torch(path, skeleton=None, **network) -> StackedHourglass:
    """Loads a PyTorch checkpoint as a network, which gives the same heatmaps.

    Any number of stacks, blocks, filters, joints and levels is supported.

    Args:
        path: Of the file. Code in it is never run.
        skeleton: The joints, in the order of the heatmaps; see `convert`.
        **network: Arguments of `StackedHourglass` that weights do not determine:
            `image_size`, `offset` and `calibration`.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If PyTorch (extra `torch`) is not installed.
        ValueError: If the file is no such checkpoint; lists the first names that
            differ.
    """
    arrays = checkpoint.read_checkpoint(path)
    joints = mapping.infer_skeleton(arrays, skeleton)
    model = StackedHourglass(
        skeleton=joints, **{**mapping.infer_config(arrays), **network}
    )
    if differences := mapping.describe_differences(arrays, _torch_arrays(model)):
        raise ValueError(f"{path} fits no hourglass of residual blocks: {differences}")
    for name, variable in mapping.torch_variables(model).items():
        variable.assign(mapping.to_keras_layout(arrays[name]))
    return model


def to_torch(model: StackedHourglass, path):
    """Saves a network's weights as a PyTorch checkpoint. Undoes `from_torch`.

    Skeleton, offset, calibration and image size are not part of a checkpoint.

    Args:
        model: A network of residual blocks, not fused.
        path: Of the file, for `torch_model.load_state_dict(torch.load(path))`.

    Raises:
        ImportError: If PyTorch (extra `torch`) is not installed.
        ValueError: If the blocks are others, channels differ from size to size, or the
            network is fused.
    """
    if model.block is not ResidualBlock:
        raise ValueError(
            "`model` must consist of residual blocks, the only ones that the PyTorch "
            f"networks have. Received: block={blocks.name_of(model.block)!r}"
        )
    if isinstance(model, FusedHourglass):
        raise ValueError(
            "`model` must be the trained network, not its fused form, whose layers the "
            f"PyTorch networks do not have. Received: a {type(model).__name__}"
        )
    if isinstance(model.filters, tuple):
        raise ValueError(
            "`model` must have as many channels at all sizes, as the PyTorch networks "
            f"have. Received: filters={model.filters}"
        )
    checkpoint.write_checkpoint(path, _torch_arrays(model))
    if any(model.offset):
        logger.warning(
            "A checkpoint has no place for the network's offset %s.", model.offset
        )
    if model.calibration is not None:
        logger.warning(
            "A checkpoint has no place for the network's calibration %s.",
            model.calibration,
        )


def _check_target(target, of_network: bool):
    target_path = Path("" if target is None else target)
    if of_network and suffix_of(target_path) not in TORCH_ENDINGS:
        raise ValueError(
            "`target` must be the path of a PyTorch checkpoint, such as 'weights.pth', "
            f"where `source` is a network: it ends in {' or '.join(TORCH_ENDINGS)}. "
            f"Received: target={_shown(target)}"
        )
    # Keras writes and reads no `.KERAS`.
    keras_file = target is None or target_path.suffix == KERAS_ENDING
    if not of_network and not keras_file:
        raise ValueError(
            f"`target` must end in {KERAS_ENDING!r} where `source` is a checkpoint (a "
            f"network's file ends so, too). Received: target={_shown(target)}"
        )


def _shown(target):
    return repr(None if target is None else str(target))


def _make_parent(target):
    Path(target).parent.mkdir(parents=True, exist_ok=True)


def _torch_arrays(model):
    """PyTorch's name -> array, in PyTorch's layout, of each weight of a network."""
    return {
        name: mapping.to_torch_layout(ops.convert_to_numpy(variable))
        for name, variable in mapping.torch_variables(model).items()
    }
