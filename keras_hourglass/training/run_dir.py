"""What a run's folder holds, and whether a folder is that run's."""

import shutil
from pathlib import Path

from keras_hourglass.training import checkpoint, config
from keras_hourglass.training.checkpoint import Progress
from keras_hourglass.training.config import Plan
from keras_hourglass.utils import is_partial, replacing

BEST, LAST, HISTORY = "best.keras", "last.keras", "history.csv"
EVENTS, PICTURE = "logs", "predictions.png"


def progress_of(plan: Plan, folder: Path) -> Progress:
    """How far the run in a folder has come, once it is sure that it is this one.

    Raises:
        ValueError: If it is another run's folder, or holds something else.
    """
    if (folder / config.NAME).is_file():
        if different := config.differences(config.read(folder), plan):
            raise ValueError(
                "`output` must be a new folder, or one of a run with the same choices; "
                f"in {folder} these differ: {'; '.join(different)}"
            )
        last = folder / LAST
        return checkpoint.read(last) if last.is_file() else Progress()
    if folder.exists() and (not folder.is_dir() or _foreign(folder)):
        raise ValueError(
            "`output` must be a new folder, or one of an earlier run. "
            f"Received: output={str(folder)!r}"
        )
    return Progress()


def begin(folder: Path, plan: Plan, progress: Progress):
    """Readies a folder for a run: whenever that is stopped, it can go on."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in filter(is_partial, folder.iterdir()):  # a kill left it
        path.unlink()
    config.write(folder, plan)
    _cut_history(folder / HISTORY, progress.epochs)


def clear(folder: Path):
    """Removes what a run has left, and nothing else. Where there is no run, nothing.

    Its plan goes last: stopped before, the folder still is a run's.
    """
    if (folder / config.NAME).is_file():
        for name in (LAST, BEST, HISTORY, PICTURE):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / EVENTS, ignore_errors=True)
        (folder / config.NAME).unlink()


def _foreign(folder):
    """Whether a folder holds more than what a kill in the first moments leaves."""
    return any(not is_partial(path) for path in folder.iterdir())


def _cut_history(path, epochs):
    """Leaves out the epochs that are trained again: a kill came before their end."""
    if not path.is_file():
        return
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
    kept = [row for row in rows if row.split(",")[0] in map(str, range(epochs))]
    with replacing(path) as beside:
        beside.write_text("".join([header, *kept] if epochs else []), encoding="utf-8")
