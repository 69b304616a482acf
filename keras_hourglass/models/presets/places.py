"""Places of presets that are not in the package: folders, and the Hugging Face Hub.

Imports no Keras.
"""

import os
from pathlib import Path

from keras_hourglass.models.config import BEST_FILE, PRESET_CONFIG, PRESET_WEIGHTS
from keras_hourglass.models.presets import PRESETS, hub


def is_preset_folder(path) -> bool:
    """Returns whether a path is a preset folder, damaged perhaps; a run is none."""
    path = Path(path).expanduser()
    if (path / BEST_FILE).is_file():
        return False
    return any((path / name).is_file() for name in (PRESET_CONFIG, PRESET_WEIGHTS))


def find_folder(name) -> Path | None:
    """Returns the folder of a preset that is none of the packaged ones.

    Args:
        name: Path of the folder, or the address of a preset on the Hugging Face Hub,
            which is downloaded.

    Returns:
        None if it is another name.
    """
    if hub.is_address(name):
        return hub.download(name)
    if not isinstance(name, str | os.PathLike) or str(name) in PRESETS:
        return None
    path = Path(name).expanduser()
    return path if path.is_dir() else None
