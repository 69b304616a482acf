"""How a run's network begins.

What happens beside the steps of a run: its callbacks, in their order.

How a run ends: what it says, or what it raises.

A training run: from a plan to a folder with a trained network.
"""

import gc
from contextlib import contextmanager
from pathlib import Path

import keras

from keras_hourglass.callbacks.diagnostics import NonFiniteError, diagnostic_callbacks
from keras_hourglass.callbacks.pckh import PCKhCallback
from keras_hourglass.callbacks.progress import ProgressLogger
from keras_hourglass.callbacks.tensorboard import TensorBoardLogger
from keras_hourglass.data import batches
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.mixture import load_mixture
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.data.sampler import EpochSampler
from keras_hourglass.metrics import PCKh
from keras_hourglass.models.loading import load_model
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.training import checkpoint, config, distribution, run_dir
from keras_hourglass.training.checkpoint import (
    BestCheckpoint,
    CheckpointCallback,
    EpochTimer,
    RescaleValLoss,
    RestoreMetrics,
)
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.distillation import add_distillation_loss
from keras_hourglass.training.distribution import Distribution
from keras_hourglass.training.fine_tuning import freeze_layers, transfer_weights
from keras_hourglass.training.flat_optimizer import EMAWeights
from keras_hourglass.training.interrupt import GracefulInterrupt
from keras_hourglass.training.run_dir import (
    BEST_FILE,
    EVENTS_DIR,
    HISTORY_FILE,
    LAST_FILE,
    SNAPSHOT_FILE,
)
from keras_hourglass.training.snapshots import snapshot_images
from keras_hourglass.utils import Interrupted
from keras_hourglass.visualization.images import save_image


def build_model(plan: TrainConfig, fresh: bool = True, say=print) -> StackedHourglass:
    """The network of a run, as it is before the first step.

    Args:
        plan: Every choice.
        fresh: Whether its first weights matter: they are replaced where a run goes on.
        say: What prints a line.
    """
    keras.utils.set_random_seed(plan.seed)
    with precision_scope(plan.precision):
        model = StackedHourglass(**plan.recipe.network)
    if fresh and plan.start is not None:
        say(f"From {plan.start}: {transfer_weights(load_model(plan.start), model)}.")
    if plan.freeze:
        say(f"{freeze_layers(model, plan.freeze):,} weights are frozen.")
    return model


def compile_model(model: StackedHourglass, plan: TrainConfig, steps: int):
    """Readies a network for training, with `steps` of them in an epoch."""
    optimizer, loss = plan.recipe.make_optimizer(steps), plan.recipe.loss()
    model.compile(optimizer, loss, metrics=[PCKh(skeleton=model.skeleton)])
    if plan.teacher is not None:
        with precision_scope(plan.precision):
            teacher = load_model(plan.teacher)
        add_distillation_loss(model, teacher, plan.recipe.distill_weight, loss)
    # What a run goes on with is loaded into it. In float16 it is not the one above.
    model.optimizer.build(model.trainable_variables)


@contextmanager
def precision_scope(precision: str):
    """While it lasts, layers that are made compute in another precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def build_callbacks(run, waited, others) -> list:
    """Callbacks for `fit`.

    Args:
        run: The `Run` that trains.
        waited: Of `callbacks.DataWait`.
        others: Name -> dataset to evaluate besides the first.

    Returns:
        All of them; the last is the `KeepProgress`, which counts the others as done.
    """
    done, validated = run.progress, len(next(iter(run.validators.values())))
    seconds = EpochTimer(done.seconds)
    keep = CheckpointCallback(
        run.mine(LAST_FILE),
        *(done, run.stream.steps, run.best, 60 * run.keep_every),
        run.asked,
        seconds.taken,
    )
    writing = [
        keras.callbacks.CSVLogger(run.folder / HISTORY_FILE, append=True),
        TensorBoardLogger(
            run.folder / EVENTS_DIR,
            run.pictures,
            {"configuration": config.config_markdown(run.plan)},
        ),
        run.best,
    ]
    return [
        *([RestoreMetrics(done.metrics)] if done.metrics else []),
        RescaleValLoss(validated, run.devices.share.padded_count(validated)),
        *diagnostic_callbacks(run.say, run.names, waited),
        run.shown,
        run.averaged,
        seconds,
        PCKhCallback(others=others, print_fn=run.say),
        *(writing if run.devices.first else []),
        keep,
    ]


def describe_progress(run) -> str:
    """How far training has come, in words."""
    text = f"epoch {run.progress.epochs} of {run.plan.recipe.epochs}"
    if run.progress.step:
        text += f" and {run.progress.step} of {run.stream.steps} steps"
    return text


def translate_error(run, error: BaseException) -> BaseException | None:
    """What to raise in place of an error that ended `fit`; None for that one itself."""
    if isinstance(error, (KeyboardInterrupt, Interrupted)):
        return _interrupted(run)
    if isinstance(error, NonFiniteError):
        return NonFiniteError(str(error))
    if distribution.is_process_lost(error):
        return distribution.ProcessLostError()
    if run.failures and run.plan.broken != "skip":
        return ImageDecodeError(run.failures[0])
    return None


def finish_run(run):
    """Leaves a picture, and says what came of it all."""
    if run.devices.first:
        save_image(run.folder / SNAPSHOT_FILE, run.pictures()["predictions"])
    failures = run.failures
    if count := run.devices.sum(len(failures)):
        example = f", {failures[0]} first" if failures else ", by other processes"
        run.say(f"{count:,} pictures could not be read and were left out{example}")
    run.say(f"Best val_pckh {run.best.best:.2f}, kept in {run.folder / BEST_FILE}")


def _interrupted(run) -> Interrupted:
    """What was kept last, and how to go on from there."""
    if (run.folder / LAST_FILE).is_file():
        run.progress = checkpoint.read_state(run.folder / LAST_FILE)
    return Interrupted(
        f"Stopped; everything is kept up to {describe_progress(run)}. To go on: "
        f"hourglass-keras train --output {run.folder}"
    )


ONE_DEVICE = Distribution()
AGREEMENT_STEPS = (
    10  # steps, after which several processes ask each other whether to stop
)


class Trainer:
    """A run in its folder. Where the folder holds one already, it goes on.

    Args:
        plan: Every choice.
        folder: For all that the run leaves: `best.keras` (the network whose averaged
            weights scored best), `last.keras` (to go on from), `run.json`,
            `history.csv`, `logs/` for TensorBoard, `predictions.png`.
        say: What prints a line.
        keep_every: Minutes; so often, besides after each epoch, is all kept that is
            needed to go on.
        devices: What to train on, from `together.take`. No choice of the plan: a run
            may go on on others.

    Raises:
        ValueError: If the folder holds something else, or a choice cannot be.
    """

    def __init__(
        self,
        plan: TrainConfig,
        folder: Path,
        say=print,
        keep_every: float = 5.0,
        devices: Distribution = ONE_DEVICE,
    ):
        devices.check(plan.recipe.batch_size)
        self.devices = devices
        self.plan, self.folder = plan, Path(folder)
        self.shown = ProgressLogger(say)
        self.say = self.shown.say
        self.keep_every, self.stopping = keep_every, GracefulInterrupt()
        self.progress = run_dir.load_state(plan, self.folder)
        fresh = self.progress == checkpoint.TrainState()
        with devices.scope():
            self.model = build_model(plan, fresh, say)
        devices.unite(self.model)
        mixture = load_mixture(plan.sources, self.model.skeleton, plan.missing)
        for note in mixture.notes:
            say(note)
        counts, shares = mixture.counts, mixture.shares
        self.stream = EpochSampler(counts, plan.recipe.batch_size, shares, plan.seed)
        self.loader = self._loader(mixture.train, plan.recipe.augmentation)
        self.validators = {
            name: self._loader(people) for name, people in mixture.validation.items()
        }

    def train(self):
        """Trains to the end.

        Raises:
            Interrupted: On Ctrl-C, once everything is kept.
            NotFinite: If a loss is no number; what was kept stays as it was.
            BrokenPicture: If a picture cannot be read and the plan does not skip it.
            Broken: If another process, that trains with this one, is gone.
        """
        plan, stop = self.plan, None
        if self.progress.epochs >= plan.recipe.epochs:
            self.say("All epochs are finished: nothing is left to do.")
            return
        try:
            self._begin()
            with self.stopping:
                while self.progress.epochs < plan.recipe.epochs:
                    self._fit()
        except (KeyboardInterrupt, Exception) as error:
            stop = translate_error(self, error)
            if stop is None:
                raise
        finally:
            self.shown.clear()
        if stop is not None:
            # Not raised above: what was caught there would keep the pipeline's threads
            # alive, for which Python then waits in vain when it ends, or which end it.
            gc.collect()  # of cycles that Keras's iterator is in
            raise stop
        finish_run(self)

    def _begin(self):
        """Readies the folder, once all processes have looked into it, and the rest."""
        devices, progress = self.devices, self.progress
        self._need(devices.same(progress.epochs, progress.step))
        if devices.first:
            run_dir.prepare_run_dir(self.folder, self.plan, progress)
        devices.wait()
        self._need(not devices.any(not (self.folder / config.CONFIG_FILE).is_file()))
        with self.devices.scope():
            compile_model(self.model, self.plan, self.stream.steps)
        self.averaged = EMAWeights()
        self.best = BestCheckpoint(
            self.folder / BEST_FILE, self.averaged, best=self.progress.best
        )
        if (self.folder / LAST_FILE).is_file():
            self.say(f"Going on after {describe_progress(self)}.")
        self.say("Compiling the network: on a CPU this takes up to minutes ...")

    def _need(self, shared: bool):
        if not shared:
            raise ValueError(
                "`output` must be a folder that all processes share. "
                f"Received: output={str(self.folder)!r}"
            )

    def mine(self, name: str) -> Path | None:
        """A file of the folder, if it is this process that writes it."""
        return self.folder / name if self.devices.first else None

    def asked(self, step: int) -> bool:
        """Whether to stop after a step; all processes are of one mind."""
        if (
            step % AGREEMENT_STEPS
            and step < self.stream.steps
            and not self.devices.alone
        ):
            return False
        return self.devices.any(self.stopping.asked)

    def _fit(self):
        """Trains to the end, or to that of an epoch of which a part is done."""
        done, steps = self.progress, self.stream.steps
        if (self.folder / LAST_FILE).is_file():
            # Also between two fits: at its end, `fit` puts averages in the weights.
            checkpoint.restore_checkpoint(self.folder / LAST_FILE, self.model)
        first, self.shown.behind = done.epochs * steps + done.step, done.step
        # Keras cannot begin amid an epoch and go on with whole ones: two fits.
        until = done.epochs + 1 if done.step else self.plan.recipe.epochs
        self.shown.beyond = self.plan.recipe.epochs - until
        share = self.devices.share
        people, waited = batches.training_batches(
            self.loader, self.stream, first, share
        )
        validation, *others = (
            (name, batches.validation_batches(loader, self.stream.batch_size, share))
            for name, loader in self.validators.items()
        )
        *beside, keep = build_callbacks(self, waited, dict(others))
        try:
            self.model.fit(
                people,
                epochs=until,
                initial_epoch=done.epochs,
                steps_per_epoch=steps - done.step,
                validation_data=validation[1],
                shuffle=False,  # the stream has an order of its own
                verbose=0,
                callbacks=[*beside, keep],
            )
        finally:
            self.progress = keep.progress

    def names(self, epoch: int, batch: int) -> list[str]:
        """Of the people of a batch of `fit`."""
        people, done = self.loader.preprocessor.people, self.progress
        if epoch == done.epochs:
            batch += done.step
        places = self.stream.batch(epoch * self.stream.steps + batch)
        return [people.names[index] for _, index in places]

    def pictures(self) -> dict:
        """Name -> a picture of what the averaged network finds."""
        loader = next(iter(self.validators.values()))
        return snapshot_images(self.averaged.network(), loader)

    def _loader(self, people, augmentation=None):
        size = self.model.image_size[::-1]
        heatmaps, seed = self.model.heatmap_size, self.plan.seed
        sampler = Preprocessor(people, size, heatmaps, augmentation, seed)
        return batches.make_loader(sampler, self.plan.broken)

    @property
    def failures(self) -> list[str]:
        """What could not be read, and why."""
        loaders = [self.loader, *self.validators.values()]
        return [text for loader in loaders for text in loader.failures.values()]
