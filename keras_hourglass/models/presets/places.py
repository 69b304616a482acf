"""Places of presets that are not in the package: folders, and the Hugging Face Hub.

Imports no Keras.
"""

import logging
import os
from pathlib import Path

from keras_hourglass.models.config import BEST_FILE, PRESET_CONFIG, PRESET_WEIGHTS
from keras_hourglass.models.presets import PRESETS_OF, hub

logger = logging.getLogger(__name__)


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
    if not isinstance(name, str | os.PathLike):
        return None
    if any(str(name) in presets for presets in PRESETS_OF.values()):
        warn_of_hidden_folder(name)
        return None
    path = Path(name).expanduser()
    return path if path.is_dir() else None


def warn_of_hidden_folder(name):
    """Warns if a folder with a network is named like a packaged preset, which loads."""
    if (Path(name) / BEST_FILE).is_file() or is_preset_folder(name):
        logger.warning(
            "%s is the preset of the package; the folder of that name is ./%s",
            *(name, name),
        )
