"""Bottleneck blocks by name."""

import keras

from keras_hourglass.models.blocks.bottleneck import Bottleneck, preactivated
from keras_hourglass.models.blocks.ghost import GhostBlock
from keras_hourglass.models.blocks.multidilated import (
    MultidilatedBlock,
    MultidilatedDenseBlock,
)
from keras_hourglass.models.blocks.residual import ResidualBlock
from keras_hourglass.models.blocks.separable import Separable3Block, SeparableBlock
from keras_hourglass.utils import suggest

__all__ = ["BLOCKS", "Bottleneck", "get", "name_of", "preactivated"]

BLOCKS = {
    "residual": ResidualBlock,
    "separable": SeparableBlock,
    "separable3": Separable3Block,
    "ghost": GhostBlock,
    "multidilated": MultidilatedBlock,
    "multidilated_dense": MultidilatedDenseBlock,
}


def get(block) -> type[Bottleneck]:
    """Finds the class of a block.

    Args:
        block: A class, which is returned; a key of `BLOCKS`; or the name under which
            a class was registered with Keras.

    Raises:
        ValueError: If there is no such block; with a guess at the one that was meant.
    """
    if isinstance(block, type) and issubclass(block, Bottleneck):
        return block
    registered = isinstance(block, str) and (
        BLOCKS.get(block) or keras.saving.get_registered_object(block)
    )
    if isinstance(registered, type) and issubclass(registered, Bottleneck):
        return registered
    raise ValueError(
        f"`block` must be the name or the class of a block. {suggest(block, BLOCKS)} "
        f"Received: block={block!r}"
    )


def name_of(block: type[Bottleneck]) -> str:
    """Returns the name by which `get` finds a class.

    Raises:
        ValueError: If the class is neither in `BLOCKS` nor registered with Keras.
    """
    for name, known in BLOCKS.items():
        if known is block:
            return name
    name = keras.saving.get_registered_name(block)
    if keras.saving.get_registered_object(name) is block:
        return name
    raise ValueError(
        "`block` must be registered, so that a saved model finds it: decorate it "
        "with `@keras.saving.register_keras_serializable()`. "
        f"Received: block={block!r}"
    )
