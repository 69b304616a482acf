"""A training run: from a plan to a folder with a trained network."""

import gc
from pathlib import Path

import keras

from keras_hourglass import callbacks, draw
from keras_hourglass.data.mixture import mix
from keras_hourglass.data.picture import BrokenPicture
from keras_hourglass.data.sample import Sampler
from keras_hourglass.data.stream import Stream
from keras_hourglass.interrupted import Interrupted
from keras_hourglass.replacing import replacing
from keras_hourglass.training import beginning, feeding
from keras_hourglass.training import plan as plans
from keras_hourglass.training.folder import (
    BEST,
    EVENTS,
    HISTORY,
    LAST,
    PICTURE,
    progress_of,
)
from keras_hourglass.training.plan import Plan, Progress
from keras_hourglass.training.showing import pictures


class Run:
    """A run in its folder. Where the folder holds one already, it goes on.

    Args:
        plan: Every choice.
        folder: For all that the run leaves: `best.keras` (the network whose averaged
            weights scored best), `last.keras` (to go on from), `run.json`,
            `history.csv`, `logs/` for TensorBoard, `predictions.png`.
        say: What prints a line.

    Raises:
        ValueError: If the folder holds something else, or a choice cannot be.
    """

    def __init__(self, plan: Plan, folder: Path, say=print):
        self.plan, self.folder = plan, Path(folder)
        self.shown = callbacks.ProgressLine(say)
        self.say = self.shown.say
        self.progress = progress_of(plan, self.folder)
        self.model = beginning.network(plan, self.folder)
        if self.progress.epochs:
            say(f"Going on after epoch {self.progress.epochs} of {plan.recipe.epochs}.")
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
        plan, done = self.plan, self.progress.epochs
        if done >= plan.recipe.epochs:
            self.say("All epochs are finished: nothing is left to do.")
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        beginning.compile(self.model, plan, self.stream.steps)
        first, *others = (
            (name, feeding.validation(loader, plan.recipe.batch_size))
            for name, loader in self.validators.items()
        )
        people, waited = feeding.training(
            self.loader, self.stream, done * self.stream.steps
        )
        self.averaged = callbacks.AveragedWeights()
        self.best = callbacks.KeepBest(
            self.folder / BEST, self.averaged, best=self.progress.best
        )
        self.say("Compiling the network: on a CPU this takes up to minutes ...")
        stop = None
        try:
            self.model.fit(
                people,
                epochs=plan.recipe.epochs,
                initial_epoch=done,
                steps_per_epoch=self.stream.steps,
                validation_data=first[1],
                shuffle=False,  # the stream has an order of its own
                verbose=0,
                callbacks=[
                    *callbacks.watchers(self.say, self.names, waited),
                    self.shown,
                    self.averaged,
                    callbacks.EpochSeconds(),
                    callbacks.PCKhCallback(dict(others), self.say),
                    keras.callbacks.CSVLogger(self.folder / HISTORY, append=done > 0),
                    callbacks.EventLog(
                        self.folder / EVENTS,
                        self.pictures,
                        {"configuration": plans.markdown(plan)},
                    ),
                    self.best,
                    keras.callbacks.LambdaCallback(on_epoch_end=self._epoch_ended),
                ],
            )
        except KeyboardInterrupt:
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

    def _interrupted(self) -> Interrupted:
        """Keeps everything, and says how to go on."""
        if self.averaged.swapped:
            self.averaged.swap()
        self._keep()
        epoch, epochs = self.progress.epochs + 1, self.plan.recipe.epochs
        return Interrupted(
            f"Stopped in epoch {epoch} of {epochs}, everything is kept. To go on with "
            f"that epoch: hourglass-keras train --output {self.folder}"
        )

    def names(self, epoch: int, batch: int) -> list[str]:
        """Of the people of a batch."""
        people = self.loader.sampler.people
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

    def _epoch_ended(self, epoch, logs):
        self.progress = Progress(epoch + 1, self.best.best)
        self._keep()

    def _keep(self):
        """Writes all that is needed to go on from here."""
        if not callbacks.finite_weights(self.model):
            self.say("The weights are no numbers any more: they are not kept.")
            return
        with replacing(self.folder / LAST) as path:
            self.model.save(path)
        plans.write(self.folder, self.plan, self.progress)

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
