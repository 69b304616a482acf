"""Folder of a run: its files, and the check that it is this run's."""

import logging
import shutil
from contextlib import contextmanager
from pathlib import Path

from keras_hourglass.models.config import BEST_FILE, HISTORY_FILE, LAST_FILE
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.distribution import Distribution
from keras_hourglass.training.runs import changes, checkpoint, config_file
from keras_hourglass.training.runs.checkpoint import TrainState
from keras_hourglass.utils.files import atomic_write, is_temporary, require_writable
from keras_hourglass.utils.folder_lock import LOCK_FILE, FolderInUseError, FolderLock

logger = logging.getLogger(__name__)

EVENTS_DIR, SNAPSHOT_FILE = "logs", "predictions.png"


def load_state(
    train_config: TrainConfig, folder: Path, restart: bool = False
) -> TrainState:
    """Reads the progress of the run in a folder; of a new folder, that of a new run.

    Args:
        train_config: Configuration to go on with.
        folder: Of the run.
        restart: Whether a new run will replace the folder's.

    Raises:
        OSError: If the folder cannot be written.
        ValueError: If the folder holds another run, or something else, or its run has
            lost its checkpoint.
    """
    state = _read_state(train_config, folder, restart)
    if state.epochs < train_config.recipe.epochs:  # else nothing is written
        require_writable(folder, folder=True)
    return state


def _read_state(train_config, folder, restart):
    if (folder / config_file.CONFIG_FILE).is_file():
        if restart:
            return TrainState()
        state, last = TrainState(), folder / LAST_FILE
        if last.is_file():
            state = checkpoint.read_state(last)
        elif _count_rows(folder / HISTORY_FILE) > 1:  # one, if killed in between
            raise ValueError(
                f"{folder} has no {LAST_FILE}, from which its run would go on. "
                "`restart=True` begins it anew, `init_weights` begins another run "
                f"with its {BEST_FILE}"
            )
        old, begun = config_file.read_config(folder), state.epochs + bool(state.step)
        changes.require_compatible(old, train_config, folder, begun)
        return state
    if folder.is_dir() and has_other_files(folder):
        raise ValueError(
            "`output` must be a new folder, or that of an earlier run. "
            f"Received: output={str(folder)!r}"
        )
    return TrainState()


def log_changes(train_config: TrainConfig, folder: Path, state: TrainState):
    """Logs what differs from the configuration that a run has had so far."""
    if (folder / config_file.CONFIG_FILE).is_file():
        old = config_file.read_config(folder)
        for line in changes.describe_changes(old, train_config, folder, state.epochs):
            logger.info("%s", line)


def compare_people(
    train_config: TrainConfig, folder: Path, people: dict, before: dict | None = None
) -> bool:
    """Checks that a run goes on with the people that it was trained on.

    Args:
        train_config: Configuration to go on with.
        folder: Of the run.
        people: See `config.describe_people`.
        before: Those of the checkpoint. Where it does not say, they are those of the
            configuration, which is written before the first step with others.

    Returns:
        Whether they are the same, as far as the folder says.

    Raises:
        ValueError: If a dataset is in another folder, and they are not.
    """
    if not (folder / config_file.CONFIG_FILE).is_file():
        return True
    moved = changes.moved_datasets(config_file.read_config(folder), train_config)
    old = before or config_file.read_people(folder)
    for source, target in moved:
        if old is None:
            logger.warning(
                "%s was begun with the people in %s; those in %s cannot be compared "
                "with them, since its version did not note them.",
                *(folder, source, target),
            )
        elif people == old:
            logger.info("The people of %s are now in %s.", source, target)
        else:
            raise ValueError(
                f"`dataset` must hold the people that the run in {folder} was begun "
                f"with: {old['count']:,} of {source} were trained on. Received: "
                f"{people['count']:,} in {target}, or with other labels"
            )
    if old is None or people == old:
        return True
    logger.warning(
        "The people to train on have changed since %s was begun: there were %s, there "
        "are %s, or their labels differ.",
        *(folder, f"{old['count']:,}", f"{people['count']:,}"),
    )
    return False


@contextmanager
def locked(folder: Path, distribution: Distribution):
    """Keeps other processes from writing to the folder of a run while it lasts.

    Of several processes of one run, the first takes the lock.

    Raises:
        FolderInUseError: In all of them, if another has it.
    """
    lock, error = FolderLock(folder), None
    try:
        if distribution.is_first:
            lock.acquire()
    except FolderInUseError as caught:
        error = caught
    if distribution.any(error is not None):
        raise error or FolderInUseError(f"{folder} is in use by another process")
    try:
        yield
    finally:
        lock.release()


def prepare_run_dir(
    folder: Path, train_config: TrainConfig, state: TrainState, **others
):
    """Prepares a folder, so that its run can go on from then on.

    Args:
        folder: Of the run.
        train_config: Its configuration.
        state: Its progress.
        others: See `config_file.write_config`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in filter(is_temporary, [*folder.iterdir()]):  # left by a kill
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    config_file.write_config(folder, train_config, **others)
    _truncate_history(folder / HISTORY_FILE, state.epochs)


def is_of_run(path, folder: Path) -> bool:
    """Checks if the path of a network is that of a run's best one, or of its folder."""
    own = {(folder / name).resolve() for name in ("", BEST_FILE)}
    return path is not None and Path(path).expanduser().resolve() in own


def clear_run_dir(folder: Path, keep_best: bool = False):
    """Removes the files of a run, and no others.

    The configuration stays, until that of the new run replaces it: after a stop in
    between, the folder still is a run's.

    Args:
        folder: Of the run.
        keep_best: Keeps its best network, until the new run has a better one.
    """
    if (folder / config_file.CONFIG_FILE).is_file():
        names = LAST_FILE, HISTORY_FILE, SNAPSHOT_FILE
        for name in names if keep_best else (*names, BEST_FILE):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / EVENTS_DIR, ignore_errors=True)


def has_other_files(folder) -> bool:
    """Checks if a folder holds more than a kill in the first moments leaves."""
    return any(
        not is_temporary(path) and path.name != LOCK_FILE for path in folder.iterdir()
    )


def _count_rows(path):
    if not path.is_file():
        return 0
    with open(path, encoding="utf-8", errors="replace") as file:
        return sum(1 for line in file if line.strip()) - 1


def _truncate_history(path, epochs):
    """Removes the epochs that a kill left without a checkpoint: they come again."""
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    header, *rows = text.splitlines() or [""]
    kept = [row for row in rows if row.split(",")[0] in map(str, range(epochs))]
    with atomic_write(path) as temporary:
        lines = [header, *kept] if epochs and header else []
        text = "".join(f"{line}\n" for line in lines)
        temporary.write_text(text, encoding="utf-8")
