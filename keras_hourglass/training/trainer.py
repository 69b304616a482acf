"""Training loop: `fit` with checkpoints, from a configuration to a trained network."""

import gc
import logging
from dataclasses import replace
from pathlib import Path

import keras

from keras_hourglass.callbacks.diagnostics import NonFiniteError, diagnostic_callbacks
from keras_hourglass.callbacks.progress import ProgressLogger
from keras_hourglass.callbacks.tensorboard import TensorBoardLogger
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.pipeline import batches
from keras_hourglass.data.pipeline.sampler import EpochSampler, people_per_epoch
from keras_hourglass.models.config import BEST_FILE
from keras_hourglass.models.flops import count_frozen, count_parameters
from keras_hourglass.training import config, distribution
from keras_hourglass.training.build import (
    build_model,
    compile_model,
    set_iterations,
)
from keras_hourglass.training.config import CHECKPOINT_MINUTES, TrainConfig
from keras_hourglass.training.distribution import ONE_DEVICE, Distribution
from keras_hourglass.training.norm_statistics import NormStatistics
from keras_hourglass.training.optimizers.averages import EMAWeights
from keras_hourglass.training.precision.centering import CenterFeatures
from keras_hourglass.training.precision.float32 import ValidateInFloat32
from keras_hourglass.training.runs import checkpoint, config_file, run_dir
from keras_hourglass.training.runs.checkpoint import (
    BestCheckpoint,
    CheckpointCallback,
    EpochTimer,
    HistoryLogger,
    RescaleValLoss,
    RestoreMetrics,
    TrainState,
)
from keras_hourglass.training.runs.run_dir import (
    EVENTS_DIR,
    HISTORY_FILE,
    LAST_FILE,
    SNAPSHOT_FILE,
)
from keras_hourglass.training.tasks import TASKS
from keras_hourglass.training.tasks.skeleton_choice import resolve_skeleton
from keras_hourglass.utils import GracefulInterrupt, Interrupted, left_out, plural
from keras_hourglass.utils.files import require_space
from keras_hourglass.visualization.images import save_image

logger = logging.getLogger(__name__)

# Steps after which several processes agree on whether to stop.
AGREEMENT_STEPS = 10
# Disk space for a parameter, at least: in `last.keras` with an optimizer's moment, and
# in `best.keras`.
MIN_BYTES = 12
MIN_VALIDATION = 20  # samples: of fewer, one is more than 5 % of the score
FEW_VALIDATION = (
    "%s, fewer than %s: the score by which the best network is chosen is mostly "
    "chance. `val_share=0.2`, say, holds out more, where none are marked."
)


class Trainer:
    """Trains the network of a configuration in a folder.

    If the folder holds the run already, it goes on.

    Args:
        train_config: Configuration of the run.
        folder: Folder for `best.keras` (the network with the best score),
            `last.keras` (the checkpoint), `run.json`, `history.csv`, `logs/` for
            TensorBoard, and `predictions.png`.
        checkpoint_minutes: Minutes between two checkpoints within an epoch.
        distribution: Devices to train on. Not part of the configuration: a run may go
            on on others.
        verbose: See `train`.
        people: Name and root -> `People` or `Photographs`, for datasets that are no
            files.
        restart: Replaces the run in the folder, before the first step.

    Raises:
        ValueError: If the folder holds something else, or an option is not possible.
    """

    def __init__(
        self,
        train_config: TrainConfig,
        folder: Path,
        checkpoint_minutes: float = CHECKPOINT_MINUTES,
        distribution: Distribution = ONE_DEVICE,
        verbose: int = 0,
        people=None,
        restart: bool = False,
    ):
        folder = Path(folder)
        train_config, people = resolve_skeleton(
            train_config, None if restart else folder, people or {}
        )
        recipe, seed = train_config.recipe, train_config.seed
        distribution.validate_batch_size(recipe.batch_size)
        if restart and run_dir.is_of_run(train_config.teacher, folder):
            raise ValueError(
                "`teacher` must be another network than that of the run, which "
                f"`restart` replaces. Received: teacher={train_config.teacher!r}"
            )
        self.config, self.folder, self.restart = train_config, folder, restart
        self.task = TASKS[train_config.task]
        self.checkpoint_minutes, self.distribution = checkpoint_minutes, distribution
        self.verbose = verbose if distribution.is_first else 0
        self.progress = ProgressLogger(live=verbose == 1) if self.verbose else None
        self.interrupt = GracefulInterrupt()
        self.state = run_dir.load_state(train_config, folder, restart)
        with distribution.scope():
            self.model = build_model(train_config, self.state == TrainState())
        distribution.sync_batch_norm(self.model)
        config.require_given(train_config.datasets, people)
        mixture = self.task.load_data(train_config, self.model, people)
        trained = config.describe_people(mixture.train)
        same = restart or run_dir.compare_people(
            train_config, folder, trained, self.state.people
        )
        self.restarts_epoch = not same
        if not same:
            # With other people, an unfinished epoch cannot be continued.
            self.state = replace(self.state, step=0, metrics=(), seconds=0.0)
        self.state = replace(self.state, people=trained)
        for note in mixture.notes:
            logger.info("%s", note)
        name, validation = next(iter(mixture.validation.items()))
        self.data_facts = {"people": trained, "validation": name}
        if len(validation) < MIN_VALIDATION:
            one, many = validation.unit
            words = f"{one} of {name} validates", f"{many} of {name} validate"
            few = plural(len(validation), *words)
            logger.warning(FEW_VALIDATION, few, MIN_VALIDATION)
        counts, shares = mixture.counts, mixture.shares
        batch_size = distribution.fit_batch_size(
            recipe.batch_size, people_per_epoch(counts, shares)
        )
        self.sampler = EpochSampler(counts, batch_size, shares, seed)
        best = self.folder / BEST_FILE
        best_score = self.state.best if best.is_file() else -1.0  # it was removed
        monitor = f"val_{self.task.metric}"
        self.loader = self._make_loader(mixture.train, recipe.augmentation)
        self.ema = EMAWeights(NormStatistics(self.loader, self.sampler))
        self.best = BestCheckpoint(best, self.ema, monitor, best_score)
        self.validation_loaders = {
            name: self._make_loader(people)
            for name, people in mixture.validation.items()
        }

    def train(self):
        """Trains all epochs that are left.

        Raises:
            Interrupted: After Ctrl-C or SIGTERM, once a checkpoint is written.
            NonFiniteError: If the loss or the weights are NaN or infinite.
            ImageDecodeError: If an image cannot be decoded and is not to be skipped.
            ProcessLostError: If another process of the run has ended.
        """
        error = None
        epochs = self.config.recipe.epochs
        if not self.restart:
            run_dir.log_changes(self.config, self.folder, self.state)
        if self.state.epochs >= epochs:
            said = "All %s epochs are finished: nothing is left to do. A larger "
            logger.info(said + "`epochs=N` lengthens the run.", epochs)
            stored = config_file.read_config(self.folder)
            if stored.recipe.epochs != epochs and self.distribution.is_first:
                config_file.write_config(self.folder, self.config, **self.data_facts)
            return
        try:
            self.prepare()
            with self.interrupt:
                while self.state.epochs < self.config.recipe.epochs:
                    self._fit()
        except (KeyboardInterrupt, Exception) as caught:
            error = self._translate(caught)
            if error is None:
                raise
        finally:
            if self.progress is not None:
                self.progress.stop()
        if error is not None:
            # Not raised above: the traceback would keep the threads of the pipeline
            # alive, and Python would wait for them at its exit.
            gc.collect()  # of cycles around Keras's iterator
            raise error
        self._finish()

    def prepare(self):
        """Compiles, and prepares the folder, once all processes have read it."""
        with self.distribution.scope():  # reads the teacher: an error leaves no run
            compile_model(self.model, self.config, self.sampler.steps)
        shared = self.distribution.all_equal(self.state.epochs, self.state.step)
        self._require_shared_folder(shared)
        if self.distribution.is_first:
            if self.restart:
                # A run that is stopped early begins with the same weights again.
                own = run_dir.is_of_run(self.config.init_weights, self.folder)
                run_dir.clear_run_dir(self.folder, keep_best=own)
            run_dir.prepare_run_dir(
                self.folder, self.config, self.state, **self.data_facts
            )
            if self.state == TrainState():
                require_space(self.folder, MIN_BYTES * self.model.count_params())
        self.distribution.barrier()
        missing = not (self.folder / config_file.CONFIG_FILE).is_file()
        self._require_shared_folder(not self.distribution.any(missing))
        counts = f"{count_parameters(self.model):,} parameters"
        if self.config.freeze and (frozen := count_frozen(self.model)):
            counts += f", {frozen:,} of them frozen"
        logger.info("%s; the run is in %s", counts, self.folder)
        if (self.folder / LAST_FILE).is_file():
            logger.info("Going on after %s.", self._describe_state())
        if keras.backend.backend() != "torch":  # which runs layer by layer
            logger.info("Compiling the network: on a CPU this takes up to minutes ...")

    def callbacks(self, waited=None, others=None) -> list:
        """Makes the callbacks of `fit`, in the order in which they need each other.

        Args:
            waited: See `InputStallTimer`.
            others: Name -> dataset to evaluate besides the first.

        Returns:
            The callbacks. The last is the `CheckpointCallback`.
        """
        people = len(next(iter(self.validation_loaders.values())))
        padded = self.distribution.shard.padded_count(people)
        timer = EpochTimer(self.state.seconds)
        verbose = {"verbose": int(self.verbose > 0)}
        if self.progress is not None:
            verbose["print_fn"] = self.progress.print
        validating = [self.ema, ValidateInFloat32()]
        writers = [
            HistoryLogger(self.folder / HISTORY_FILE),
            TensorBoardLogger(
                self.folder / EVENTS_DIR,
                self.snapshot,
                {"configuration": config_file.config_markdown(self.config)},
            ),
            self.best,
        ]
        return [
            *([RestoreMetrics(self.state.metrics)] if self.state.metrics else []),
            # Of no people, black photographs have a loss near 0, divided by no number.
            *([RescaleValLoss(people, padded)] if self.task.name == "pose" else []),
            *diagnostic_callbacks(self.names_of_batch, waited, self.task.metric),
            *([self.progress] if self.progress is not None else []),
            CenterFeatures(self.sampler.steps, self.state.step),
            *validating,
            timer,
            self.task.callback(others=others, callbacks=validating, **verbose),
            *(writers if self.distribution.is_first else []),
            CheckpointCallback(
                self.folder / LAST_FILE if self.distribution.is_first else None,
                *(self.state, self.sampler.steps, self.best),
                60 * self.checkpoint_minutes,
                *(self.should_stop, timer.elapsed),
            ),
        ]

    def should_stop(self, step: int) -> bool:
        """Checks after a step if training should stop; equal in all processes."""
        between = step % AGREEMENT_STEPS and step < self.sampler.steps
        if between and not self.distribution.is_single_process:
            return False
        return self.distribution.any(self.interrupt.requested)

    def names_of_batch(self, epoch: int, batch: int) -> list[str]:
        """Returns the names of the people or photographs in a batch of `fit`."""
        if epoch == self.state.epochs:
            batch += self.state.step
        samples = self.sampler.batch(epoch * self.sampler.steps + batch)
        names = self.loader.preprocessor.dataset.names
        return [names[index] for _, index in samples]

    def snapshot(self) -> dict:
        """Draws predictions of the averaged network: name -> image."""
        loader = next(iter(self.validation_loaders.values()))
        return self.task.snapshot(self.ema.network(), loader)

    @property
    def failures(self) -> list[str]:
        """Why images could not be read, one message each."""
        loaders = [self.loader, *self.validation_loaders.values()]
        return [text for loader in loaders for text in loader.failures.values()]

    def _fit(self):
        """Trains the rest of an unfinished epoch, or else all epochs that are left."""
        # Keras cannot begin within an epoch and go on with whole ones: two fits.
        state, steps, epochs = self.state, self.sampler.steps, self.config.recipe.epochs
        if (self.folder / LAST_FILE).is_file():
            # Before the second fit, too: the first leaves the averages in the weights.
            checkpoint.restore_checkpoint(self.folder / LAST_FILE, self.model)
        if self.restarts_epoch:  # with as many steps as the schedule counts
            set_iterations(self.model.optimizer, state.epochs * steps)
            self.restarts_epoch = False
        if self.progress is not None:
            self.progress.initial_step, self.progress.total_steps = state.step, steps
            self.progress.total_epochs = epochs
        shard, batch_size = self.distribution.shard, self.sampler.batch_size
        dataset, waited = batches.training_batches(
            self.loader, self.sampler, state.epochs * steps + state.step, shard
        )
        (_, validation), *others = (
            (name, batches.validation_batches(loader, batch_size, shard))
            for name, loader in self.validation_loaders.items()
        )
        callbacks = self.callbacks(waited, dict(others))
        try:
            self.model.fit(
                dataset,
                epochs=state.epochs + 1 if state.step else epochs,
                initial_epoch=state.epochs,
                steps_per_epoch=steps - state.step,
                validation_data=validation,
                shuffle=False,  # the sampler has its own order
                verbose=0,
                callbacks=callbacks,
            )
        except Interrupted:
            if callbacks[-1].state.epochs < epochs:  # else nothing is left to stop
                raise
        finally:
            self.state = callbacks[-1].state

    def _finish(self):
        """Writes an image of predictions, and logs the result."""
        if self.distribution.is_first:
            save_image(self.folder / SNAPSHOT_FILE, self.snapshot()["predictions"])
        failures = self.failures
        if count := self.distribution.sum(len(failures)):
            example = f"first {failures[0]}" if failures else "by other processes"
            logger.warning("%s, %s", left_out(count), example)
        best, path = self.best.best, self.folder / BEST_FILE
        logger.debug("Best %s %.2f, saved in %s", self.best.monitor, best, path)

    def _translate(self, error: BaseException) -> BaseException | None:
        """Returns the error to raise in place of one of `fit`; None for itself."""
        if isinstance(error, (KeyboardInterrupt, Interrupted)):
            reached = "Stopped before the first checkpoint"
            if (self.folder / LAST_FILE).is_file():
                self.state = checkpoint.read_state(self.folder / LAST_FILE)
                reached = f"Stopped; the checkpoint is {self._describe_state()}"
            return Interrupted(
                f"{reached}. To go on: train with `output={str(self.folder)!r}`"
            )
        if isinstance(error, NonFiniteError):
            return NonFiniteError(str(error))
        if distribution.is_process_lost(error):
            return distribution.ProcessLostError()
        if self.failures and self.config.broken != "skip":
            return ImageDecodeError(self.failures[0])
        return None

    def _describe_state(self) -> str:
        text = f"epoch {self.state.epochs} of {self.config.recipe.epochs}"
        if self.state.step:
            text += f" and {self.state.step} of {self.sampler.steps} steps"
        return text

    def _require_shared_folder(self, shared: bool):
        if not shared:
            raise ValueError(
                "`output` must be a folder that all processes share. "
                f"Received: output={str(self.folder)!r}"
            )

    def _make_loader(self, people, augmentation=None):
        preprocessor = self.task.preprocessor(
            people, self.model, augmentation, self.config.seed
        )
        return batches.make_loader(preprocessor, self.config.broken)
