"""What a run's folder holds, and whether a folder is that run's."""

from pathlib import Path

from keras_hourglass.training import plan as plans
from keras_hourglass.training.plan import Plan, Progress

BEST, LAST, HISTORY = "best.keras", "last.keras", "history.csv"
EVENTS, PICTURE = "logs", "predictions.png"


def progress_of(plan: Plan, folder: Path) -> Progress:
    """How far the run in a folder has come, once it is sure that it is this one.

    Raises:
        ValueError: If it is another run's folder, or holds something else.
    """
    if (folder / plans.NAME).is_file():
        old, progress = plans.read(folder)
        if different := plans.differences(old, plan):
            raise ValueError(
                "`output` must be a new folder, or one of a run with the same choices; "
                f"in {folder} these differ: {'; '.join(different)}"
            )
        return progress
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(
            "`output` must be a new folder, or one of an earlier run. "
            f"Received: output={str(folder)!r}"
        )
    return Progress()
