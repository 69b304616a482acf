"""A trained network, from whatever names one."""

from pathlib import Path

import keras

from keras_hourglass.models import presets
from keras_hourglass.models.fusion.network import can_be_fused, fuse
from keras_hourglass.models.stacked_hourglass import StackedHourglass


def load_model(model) -> StackedHourglass:
    """A network from its path or preset; a network is handed back.

    Raises:
        ValueError: If the file holds anything else.
    """
    if isinstance(model, StackedHourglass):
        return model
    if str(model) in presets.PRESETS:
        return StackedHourglass.from_preset(str(model), weights=True)
    if not Path(model).is_file():
        raise FileNotFoundError(
            "`model` must be a .keras file or a preset with weights. "
            f"Received: model={str(model)!r}"
        )
    try:
        loaded = keras.models.load_model(model, compile=False)
    except Exception as error:  # whatever a file of another kind provokes
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{model} is no readable Keras model: {reason}") from error
    if not isinstance(loaded, StackedHourglass):
        raise ValueError(
            f"{model} must hold a StackedHourglass. Received: a {type(loaded).__name__}"
        )
    return loaded


def for_inference(model: StackedHourglass) -> StackedHourglass:
    """A network's inference form; itself, where that would not be the same."""
    return fuse(model) if can_be_fused(model) else model
