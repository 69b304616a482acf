"""A training run: from a plan to a folder with a trained network."""

import gc
from pathlib import Path

from keras_hourglass import callbacks
from keras_hourglass.data.mixture import mix
from keras_hourglass.data.sample import Sampler
from keras_hourglass.data.stream import Stream
from keras_hourglass.training import beginning, ending, feeding, keeping
from keras_hourglass.training import folder as folders
from keras_hourglass.training import plan as plans
from keras_hourglass.training.beside import callbacks_of
from keras_hourglass.training.devices.together import Devices
from keras_hourglass.training.folder import BEST, LAST
from keras_hourglass.training.plan import Plan
from keras_hourglass.training.showing import pictures
from keras_hourglass.training.stopping import Stopping

ALONE = Devices()
AGREED = 10  # steps, after which several processes ask each other whether to stop


class Run:
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
        plan: Plan,
        folder: Path,
        say=print,
        keep_every: float = 5.0,
        devices: Devices = ALONE,
    ):
        devices.check(plan.recipe.batch_size)
        self.devices = devices
        self.plan, self.folder = plan, Path(folder)
        self.shown = callbacks.ProgressLine(say)
        self.say = self.shown.say
        self.keep_every, self.stopping = keep_every, Stopping()
        self.progress = folders.progress_of(plan, self.folder)
        fresh = self.progress == keeping.Progress()
        with devices.scope():
            self.model = beginning.network(plan, fresh, say)
        devices.unite(self.model)
        mixture = mix(plan.sources, self.model.skeleton, plan.missing)
        for note in mixture.notes:
            say(note)
        counts, shares = mixture.counts, mixture.shares
        self.stream = Stream(counts, plan.recipe.batch_size, shares, plan.seed)
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
            stop = ending.instead(self, error)
            if stop is None:
                raise
        finally:
            self.shown.clear()
        if stop is not None:
            # Not raised above: what was caught there would keep the pipeline's threads
            # alive, for which Python then waits in vain when it ends, or which end it.
            gc.collect()  # of cycles that Keras's iterator is in
            raise stop
        ending.report(self)

    def _begin(self):
        """Readies the folder, once all processes have looked into it, and the rest."""
        devices, progress = self.devices, self.progress
        self._need(devices.same(progress.epochs, progress.step))
        if devices.first:
            folders.begin(self.folder, self.plan, progress)
        devices.wait()
        self._need(not devices.any(not (self.folder / plans.NAME).is_file()))
        with self.devices.scope():
            beginning.compile(self.model, self.plan, self.stream.steps)
        self.averaged = callbacks.AveragedWeights()
        self.best = callbacks.KeepBest(
            self.folder / BEST, self.averaged, best=self.progress.best
        )
        if (self.folder / LAST).is_file():
            self.say(f"Going on after {ending.place(self)}.")
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
        if step % AGREED and step < self.stream.steps and not self.devices.alone:
            return False
        return self.devices.any(self.stopping.asked)

    def _fit(self):
        """Trains to the end, or to that of an epoch of which a part is done."""
        done, steps = self.progress, self.stream.steps
        if (self.folder / LAST).is_file():
            # Also between two fits: at its end, `fit` puts averages in the weights.
            keeping.restore(self.folder / LAST, self.model)
        first, self.shown.behind = done.epochs * steps + done.step, done.step
        # Keras cannot begin amid an epoch and go on with whole ones: two fits.
        until = done.epochs + 1 if done.step else self.plan.recipe.epochs
        self.shown.beyond = self.plan.recipe.epochs - until
        share = self.devices.share
        people, waited = feeding.training(self.loader, self.stream, first, share)
        validation, *others = (
            (name, feeding.validation(loader, self.stream.batch_size, share))
            for name, loader in self.validators.items()
        )
        *beside, keep = callbacks_of(self, waited, dict(others))
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
        people, done = self.loader.sampler.people, self.progress
        if epoch == done.epochs:
            batch += done.step
        places = self.stream.batch(epoch * self.stream.steps + batch)
        return [people.names[index] for _, index in places]

    def pictures(self) -> dict:
        """Name -> a picture of what the averaged network finds."""
        loader = next(iter(self.validators.values()))
        return pictures(self.averaged.network(), loader)

    def _loader(self, people, augmentation=None):
        size = self.model.image_size[::-1]
        heatmaps, seed = self.model.heatmap_size, self.plan.seed
        sampler = Sampler(people, size, heatmaps, augmentation, seed)
        return feeding.loader(sampler, self.plan.broken)

    @property
    def failures(self) -> list[str]:
        """What could not be read, and why."""
        loaders = [self.loader, *self.validators.values()]
        return [text for loader in loaders for text in loader.failures.values()]
