"""How a run ends: what it says, or what it raises."""

from keras_hourglass import draw
from keras_hourglass.callbacks import NotFinite
from keras_hourglass.data.picture import BrokenPicture
from keras_hourglass.interrupted import Interrupted
from keras_hourglass.replacing import replacing
from keras_hourglass.training import keeping
from keras_hourglass.training.devices import processes
from keras_hourglass.training.folder import BEST, LAST, PICTURE


def place(run) -> str:
    """How far training has come, in words."""
    text = f"epoch {run.progress.epochs} of {run.plan.recipe.epochs}"
    if run.progress.step:
        text += f" and {run.progress.step} of {run.stream.steps} steps"
    return text


def instead(run, error: BaseException) -> BaseException | None:
    """What to raise in place of an error that ended `fit`; None for that one itself."""
    if isinstance(error, (KeyboardInterrupt, Interrupted)):
        return _interrupted(run)
    if isinstance(error, NotFinite):
        return NotFinite(str(error))
    if processes.broke(error):
        return processes.Broken()
    if run.failures and run.plan.broken != "skip":
        return BrokenPicture(run.failures[0])
    return None


def report(run):
    """Leaves a picture, and says what came of it all."""
    if run.devices.first:
        with replacing(run.folder / PICTURE) as path:
            path.write_bytes(draw.png(run.pictures()["predictions"]))
    failures = run.failures
    if count := run.devices.sum(len(failures)):
        example = f", {failures[0]} first" if failures else ", by other processes"
        run.say(f"{count:,} pictures could not be read and were left out{example}")
    run.say(f"Best val_pckh {run.best.best:.2f}, kept in {run.folder / BEST}")


def _interrupted(run) -> Interrupted:
    """What was kept last, and how to go on from there."""
    if (run.folder / LAST).is_file():
        run.progress = keeping.read(run.folder / LAST)
    return Interrupted(
        f"Stopped; everything is kept up to {place(run)}. To go on: "
        f"hourglass-keras train --output {run.folder}"
    )
