"""What a run's folder holds, and whether a folder is that run's."""

import shutil
from pathlib import Path

from keras_hourglass.models.config import BEST_FILE
from keras_hourglass.training import checkpoint, config
from keras_hourglass.training.checkpoint import TrainState
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.utils import atomic_write, is_temporary

LAST_FILE, HISTORY_FILE = "last.keras", "history.csv"
EVENTS_DIR, SNAPSHOT_FILE = "logs", "predictions.png"


def load_state(plan: TrainConfig, folder: Path) -> TrainState:
    """How far the run in a folder has come, once it is sure that it is this one.

    Raises:
        ValueError: If it is another run's folder, or holds something else.
    """
    if (folder / config.CONFIG_FILE).is_file():
        if different := config.config_differences(config.read_config(folder), plan):
            raise ValueError(
                "`output` must be a new folder, or one of a run with the same choices; "
                f"in {folder} these differ: {'; '.join(different)}"
            )
        last = folder / LAST_FILE
        return checkpoint.read_state(last) if last.is_file() else TrainState()
    if folder.exists() and (not folder.is_dir() or _foreign(folder)):
        raise ValueError(
            "`output` must be a new folder, or one of an earlier run. "
            f"Received: output={str(folder)!r}"
        )
    return TrainState()


def prepare_run_dir(folder: Path, plan: TrainConfig, progress: TrainState):
    """Readies a folder for a run: whenever that is stopped, it can go on."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in filter(is_temporary, folder.iterdir()):  # a kill left it
        path.unlink()
    config.write_config(folder, plan)
    _cut_history(folder / HISTORY_FILE, progress.epochs)


def clear_run_dir(folder: Path):
    """Removes what a run has left, and nothing else. Where there is no run, nothing.

    Its plan goes last: stopped before, the folder still is a run's.
    """
    if (folder / config.CONFIG_FILE).is_file():
        for name in (LAST_FILE, BEST_FILE, HISTORY_FILE, SNAPSHOT_FILE):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / EVENTS_DIR, ignore_errors=True)
        (folder / config.CONFIG_FILE).unlink()


def _foreign(folder):
    """Whether a folder holds more than what a kill in the first moments leaves."""
    return any(not is_temporary(path) for path in folder.iterdir())


def _cut_history(path, epochs):
    """Leaves out the epochs that are trained again: a kill came before their end."""
    if not path.is_file():
        return
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
    kept = [row for row in rows if row.split(",")[0] in map(str, range(epochs))]
    with atomic_write(path) as beside:
        beside.write_text("".join([header, *kept] if epochs else []), encoding="utf-8")
