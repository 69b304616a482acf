"""PyTorch's checkpoints of hourglasses become networks here, and back."""

from keras import ops

from keras_hourglass.models import blocks
from keras_hourglass.models.blocks.residual import ResidualBlock
from keras_hourglass.models.pytorch import checkpoint, mapping
from keras_hourglass.models.stacked_hourglass import StackedHourglass


def from_torch(path, skeleton=None, **network) -> StackedHourglass:
    """The network whose weights a PyTorch checkpoint holds: it gives the same heatmaps.

    Checkpoints are those of `pytorch-pose` and `pytorch-stacked-hourglass`, with any
    number of stacks, blocks, filters, joints and levels. Both subtract the same mean
    from pictures as the networks here, and pad with zeros after that, so nothing is
    left to fold into the weights.

    Args:
        path: Of the file. Its code, if it holds any, is never run.
        skeleton: The joints, in the order of the heatmaps: a `Skeleton`, its name or
            configuration. By default, the known one of as many joints.
        network: Other arguments of `StackedHourglass`, which weights do not tell:
            `image_size` and `offset`.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If PyTorch, an extra, is not installed.
        ValueError: If the file is no such checkpoint; with the first names that differ.
    """
    arrays = checkpoint.read_checkpoint(path)
    joints = mapping.infer_skeleton(arrays, skeleton)
    model = StackedHourglass(
        skeleton=joints, **{**mapping.infer_config(arrays), **network}
    )
    if differ := mapping.describe_differences(arrays, _torch_arrays(model)):
        raise ValueError(f"{path} fits no hourglass of residual blocks: {differ}")
    for name, variable in mapping.torch_variables(model).items():
        variable.assign(mapping.to_keras_layout(arrays[name]))
    return model


def to_torch(model: StackedHourglass, path):
    """Writes a network's weights for PyTorch's hourglasses. Undoes `from_torch`.

    What is no weight has no place there: skeleton, offset, size of pictures.

    Args:
        model: A network of residual blocks.
        path: Of the file, for `load_state_dict(torch.load(path))`.

    Raises:
        ImportError: If PyTorch, an extra, is not installed.
        ValueError: If the blocks are others, for which those networks have no names.
    """
    if model.block is not ResidualBlock:
        raise ValueError(
            "`model` must consist of residual blocks: PyTorch's hourglasses know no "
            f"others. Received: block={blocks.name_of(model.block)!r}"
        )
    checkpoint.write_checkpoint(path, _torch_arrays(model))


def _torch_arrays(model):
    """Name there -> array, of every weight of a network."""
    return {
        name: mapping.to_torch_layout(ops.convert_to_numpy(variable))
        for name, variable in mapping.torch_variables(model).items()
    }
