"""A training run: from a plan to a folder with a trained network."""

import gc
from pathlib import Path

from keras_hourglass import callbacks, draw
from keras_hourglass.data.mixture import mix
from keras_hourglass.data.picture import BrokenPicture
from keras_hourglass.data.sample import Sampler
from keras_hourglass.data.stream import Stream
from keras_hourglass.interrupted import Interrupted
from keras_hourglass.replacing import replacing
from keras_hourglass.training import beginning, feeding, keeping
from keras_hourglass.training import folder as folders
from keras_hourglass.training.beside import callbacks_of
from keras_hourglass.training.folder import BEST, LAST, PICTURE
from keras_hourglass.training.plan import Plan
from keras_hourglass.training.showing import pictures
from keras_hourglass.training.stopping import Stopping


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

    Raises:
        ValueError: If the folder holds something else, or a choice cannot be.
    """

    def __init__(self, plan: Plan, folder: Path, say=print, keep_every: float = 5.0):
        self.plan, self.folder = plan, Path(folder)
        self.shown = callbacks.ProgressLine(say)
        self.say = self.shown.say
        self.keep_every, self.stopping = keep_every, Stopping()
        self.progress = folders.progress_of(plan, self.folder)
        self.model = beginning.network(plan, self.progress == keeping.Progress(), say)
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
        """
        plan, stop = self.plan, None
        if self.progress.epochs >= plan.recipe.epochs:
            self.say("All epochs are finished: nothing is left to do.")
            return
        folders.begin(self.folder, plan, self.progress)
        beginning.compile(self.model, plan, self.stream.steps)
        self.averaged = callbacks.AveragedWeights()
        self.best = callbacks.KeepBest(
            self.folder / BEST, self.averaged, best=self.progress.best
        )
        if (self.folder / LAST).is_file():
            self.say(f"Going on after {self._place()}.")
        self.say("Compiling the network: on a CPU this takes up to minutes ...")
        try:
            with self.stopping:
                while self.progress.epochs < plan.recipe.epochs:
                    self._fit()
        except (KeyboardInterrupt, Interrupted):
            stop = self._interrupted()
        except callbacks.NotFinite as error:
            stop = callbacks.NotFinite(str(error))
        except Exception:
            if not self.failures or plan.broken == "skip":
                raise
            stop = BrokenPicture(self.failures[0])
        finally:
            self.shown.clear()
        if stop is not None:
            # Not raised above: what was caught there would keep the pipeline's threads
            # alive, for which Python then waits in vain when it ends, or which end it.
            gc.collect()  # of cycles that Keras's iterator is in
            raise stop
        self._report()

    def _fit(self):
        """Trains to the end, or to that of an epoch of which a part is done."""
        done, steps = self.progress, self.stream.steps
        if (self.folder / LAST).is_file():
            # Also between two fits: at its end, `fit` puts averages in the weights.
            self.model.load_weights(self.folder / LAST)
        first, self.shown.behind = done.epochs * steps + done.step, done.step
        people, waited = feeding.training(self.loader, self.stream, first)
        validation, *others = (
            (name, feeding.validation(loader, self.plan.recipe.batch_size))
            for name, loader in self.validators.items()
        )
        keep = keeping.KeepProgress(
            self.folder / LAST,
            *(done, steps, self.best, 60 * self.keep_every),
            asked=lambda: self.stopping.asked,
        )
        try:
            self.model.fit(
                people,
                epochs=done.epochs + 1 if done.step else self.plan.recipe.epochs,
                initial_epoch=done.epochs,
                steps_per_epoch=steps - done.step,
                validation_data=validation[1],
                shuffle=False,  # the stream has an order of its own
                verbose=0,
                callbacks=callbacks_of(self, keep, waited, dict(others)),
            )
        finally:
            self.progress = keep.progress

    def _place(self):
        """How far training has come, in words."""
        text = f"epoch {self.progress.epochs} of {self.plan.recipe.epochs}"
        if self.progress.step:
            text += f" and {self.progress.step} of {self.stream.steps} steps"
        return text

    def _interrupted(self) -> Interrupted:
        """What was kept last, and how to go on from there."""
        if (self.folder / LAST).is_file():
            self.progress = keeping.read(self.folder / LAST)
        return Interrupted(
            f"Stopped; everything is kept up to {self._place()}. To go on: "
            f"hourglass-keras train --output {self.folder}"
        )

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
        with self.averaged.in_model():
            return pictures(self.model, loader)

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

    def _report(self):
        with replacing(self.folder / PICTURE) as path:
            path.write_bytes(draw.png(self.pictures()["predictions"]))
        if failures := self.failures:
            self.say(
                f"{len(failures):,} pictures could not be read and were left out, "
                f"{failures[0]} first"
            )
        self.say(f"Best val_pckh {self.best.best:.2f}, kept in {self.folder / BEST}")
