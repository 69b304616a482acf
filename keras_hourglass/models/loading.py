"""Loading of trained networks, from a file, a run, or a preset."""

import os
from pathlib import Path
from zipfile import is_zipfile

import keras

from keras_hourglass.models.config import BEST_FILE
from keras_hourglass.models.fusion.network import can_be_fused, fuse
from keras_hourglass.models.presets import PRESETS, PRESETS_WITH_WEIGHTS
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.utils import suggest


def load_model(model) -> StackedHourglass:
    """Loads a trained network.

    Args:
        model: Path of a `.keras` file; folder of a training run, for its best
            network; name of a preset with weights; or a `StackedHourglass`, which is
            returned.

    Returns:
        A `StackedHourglass`, not compiled.

    Raises:
        FileNotFoundError: If there is no such file, or the folder holds no run.
        ValueError: If the file holds something else, or the preset has no weights.

    Example:

    ```python
    import keras_hourglass as kh

    model = kh.load_model("photo")
    model.save("copy.keras")
    copy = kh.load_model("copy.keras")
    ```
    """
    if isinstance(model, StackedHourglass):
        return model
    if not isinstance(model, str | os.PathLike):
        raise ValueError(
            "`model` must be a StackedHourglass, or a path or a preset of one. "
            f"Received: model={model!r} (a {type(model).__name__})"
        )
    if str(model) in PRESETS_WITH_WEIGHTS:
        return StackedHourglass.from_preset(str(model))
    if str(model) in PRESETS:
        raise ValueError(
            "`model` must be a preset with weights. "
            f"{suggest(model, PRESETS_WITH_WEIGHTS)} Received: model={str(model)!r}"
        )
    path = Path(model)
    if path.is_dir():
        path /= BEST_FILE
        if not path.is_file():
            raise FileNotFoundError(
                f"`model` must be the folder of a training run, with {BEST_FILE} in "
                f"it. Received: model={str(model)!r}"
            )
    elif not path.is_file():
        raise FileNotFoundError(
            "`model` must be a .keras file, the folder of a training run, or a preset "
            f"with weights. {suggest(model, PRESETS_WITH_WEIGHTS)} "
            f"Received: model={str(model)!r}"
        )
    return _load_file(path)


def _load_file(path) -> StackedHourglass:
    if os.path.isfile(path) and not is_zipfile(path):
        raise ValueError(
            f"{path} must be a readable Keras model. Received: no zip file"
        )
    try:
        loaded = keras.models.load_model(path, compile=False)
    except Exception as error:  # files of other kinds raise anything
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"{path} must be a readable Keras model. Received: {reason[0]}"
        ) from error
    if not isinstance(loaded, StackedHourglass):
        raise ValueError(
            f"{path} must hold a StackedHourglass. Received: a {type(loaded).__name__}"
        )
    return loaded


def for_inference(model: StackedHourglass) -> StackedHourglass:
    """Returns the inference form of a network, or the network if it has none."""
    return fuse(model) if can_be_fused(model) else model
