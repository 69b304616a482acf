"""Folder of a run: its files, and the check that it is this run's."""

import shutil
from pathlib import Path

from keras_hourglass.models.config import BEST_FILE
from keras_hourglass.training import checkpoint, config
from keras_hourglass.training.checkpoint import TrainState
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.utils import atomic_write, is_temporary

LAST_FILE, HISTORY_FILE = "last.keras", "history.csv"
EVENTS_DIR, SNAPSHOT_FILE = "logs", "predictions.png"


def load_state(train_config: TrainConfig, folder: Path) -> TrainState:
    """Reads the progress of the run in a folder; of a new folder, that of a new run.

    Raises:
        ValueError: If the folder holds another run, or something else.
    """
    if (folder / config.CONFIG_FILE).is_file():
        old = config.read_config(folder)
        if different := config.config_differences(old, train_config):
            raise ValueError(
                "`output` must be a new folder, or that of a run with the same "
                f"options; in {folder} these differ: {'; '.join(different)}"
            )
        last = folder / LAST_FILE
        return checkpoint.read_state(last) if last.is_file() else TrainState()
    if folder.exists() and (not folder.is_dir() or _has_other_files(folder)):
        raise ValueError(
            "`output` must be a new folder, or that of an earlier run. "
            f"Received: output={str(folder)!r}"
        )
    return TrainState()


def prepare_run_dir(folder: Path, train_config: TrainConfig, state: TrainState):
    """Prepares a folder, so that its run can go on from then on."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in filter(is_temporary, folder.iterdir()):  # left by a kill
        path.unlink()
    config.write_config(folder, train_config)
    _truncate_history(folder / HISTORY_FILE, state.epochs)


def clear_run_dir(folder: Path):
    """Removes the files of a run, and no others.

    The configuration goes last: after a stop in between, the folder still is a run's.
    """
    if (folder / config.CONFIG_FILE).is_file():
        for name in (LAST_FILE, BEST_FILE, HISTORY_FILE, SNAPSHOT_FILE):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / EVENTS_DIR, ignore_errors=True)
        (folder / config.CONFIG_FILE).unlink()


def _has_other_files(folder):
    """Checks if a folder holds more than a kill in the first moments leaves."""
    return any(not is_temporary(path) for path in folder.iterdir())


def _truncate_history(path, epochs):
    """Removes the epochs that a kill left without a checkpoint: they come again."""
    if not path.is_file():
        return
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
    kept = [row for row in rows if row.split(",")[0] in map(str, range(epochs))]
    with atomic_write(path) as temporary:
        text = "".join([header, *kept] if epochs else [])
        temporary.write_text(text, encoding="utf-8")
