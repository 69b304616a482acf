"""Predictions of a model for people, or of a file, and their errors."""

from dataclasses import dataclass

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.data.pipeline.batch_maker import BatchMaker
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.calibration import calibrate
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.inference.batching import prefetch
from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.inference.runtimes.keypoint_options import KeypointOptions
from keras_hourglass.utils.cores import core_count

MAX_OFFSET = 2  # thresholds: larger errors are mistakes, and not systematic


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's predictions for people, and their errors.

    Attributes:
        joints: `(people, joints, 2)`, x before y, image pixels.
        errors: `(people, joints)`, in reference lengths; NaN where not scored,
            infinite where the prediction is NaN: such joints are wrong.
        scores: `(people, joints)`, 0 to 1: probabilities of being correct, if the model
            is calibrated, else the peaks. None where the predictions are from a file.
        offset: (x, y), heatmap pixels: the mean signed error of joints within twice
            the measure's threshold, the model's systematic error. None for a file.
        unreadable: Messages about images that could not be read.
        peaks: `(people, joints)`, the values of the heatmaps' peaks. None for a file.
        readable: `(people,)`, bool: those whose image could be read. None for all.
    """

    joints: np.ndarray
    errors: np.ndarray
    scores: np.ndarray | None = None
    offset: tuple[float, float] | None = None
    unreadable: tuple[str, ...] = ()
    peaks: np.ndarray | None = None
    readable: np.ndarray | None = None


class PeoplePredictor:
    """Predicts the joints of people in their windows, compiled once.

    Args:
        model: The network: a `StackedHourglass` or an `ExportedNetwork`.
        options: Flip test, decoder, batch size, and handling of broken images.
        runtime: A key of `RUNTIMES`.
    """

    def __init__(self, model, options: KeypointOptions, runtime: str = "keras"):
        self.model, self.options, self.runtime = model, options, runtime
        self._predictor = RUNTIMES[runtime].make_predictor(
            model, options.flip, (1.0,), options.decoder
        )

    def __call__(self, people: People) -> Predictions:
        """Predicts joints, and computes their errors.

        Args:
            people: With the model's skeleton. Their labels may be unknown.
        """
        loader = evaluation_loader(self.model, people, self.options, self.runtime)
        points, peaks, errors, offsets, largest = [], [], [], [], 0
        for images, labels in evaluation_batches(
            loader, self.options.batch_size, self.runtime
        ):
            truth, weight, reference = unpack(np.asarray(labels))
            crops = np.asarray(images)[:, None]
            largest = max(largest, len(crops))  # the last, smaller batch is padded
            keypoints, highest = self._predictor.predict_keypoints(crops, largest)
            difference = keypoints - truth
            errors.append(measure_errors(difference, weight, reference))
            points.append(keypoints)
            peaks.append(highest)
            limit = MAX_OFFSET * people.skeleton.measure.threshold
            offsets.append(difference[errors[-1] <= limit])
        signed, peaks = np.concatenate(offsets), np.concatenate(peaks)
        offset = signed.mean(0) if len(signed) else np.full(2, np.nan)
        windows = Window.from_center(
            people.centers.astype(float),
            people.sides.astype(float),
            self.model.input_size,
        )
        return Predictions(
            joints=windows.to_image(np.concatenate(points), self.model.heatmap_size),
            errors=np.concatenate(errors),
            scores=calibrate(peaks, self.model.calibration, NUMPY),
            peaks=peaks,
            offset=tuple(map(float, offset)),
            readable=~np.isin(people.images, [*loader.failures]),
            # In the order of people, whichever thread came first.
            unreadable=tuple(
                loader.failures[image]
                for image in dict.fromkeys(people.images)
                if image in loader.failures
            ),
        )


def measure_errors(difference, weight, reference) -> np.ndarray:
    """Measures errors in reference lengths, as `Predictions.errors` has them.

    Args:
        difference: `(people, joints, 2)`, predictions less labels, pixels.
        weight: `(people, joints)`, 0 where there is no label.
        reference: `(people, joints)` or `(people, 1)`, in the same pixels; 0 where
            there is none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.linalg.norm(difference, axis=-1) / reference
    error = np.where(np.isnan(error), np.inf, error)  # wrong, as for `PCKh`
    return np.where((weight > 0) & (reference > 0), error, np.nan)


def evaluation_loader(model, people: People, options: KeypointOptions, runtime: str):
    """Makes the loader of people's crops; for Keras, that of validation in training."""
    preprocessor = make_preprocessor(model, people)
    if runtime == "keras":
        from keras_hourglass.data.pipeline.batches import make_loader

        return make_loader(preprocessor, options.broken)
    return Loader(preprocessor, options.broken)


def evaluation_batches(loader: Loader, batch_size: int, runtime: str):
    """Makes the batches of all people once, in order.

    For Keras, they are those of validation in training; for other runtimes, they are
    made in threads, without it.
    """
    if runtime == "keras":
        from keras_hourglass.data.pipeline.batches import validation_batches

        return validation_batches(loader, batch_size)
    maker = BatchMaker(loader, batch_size)
    return prefetch(maker, range(len(maker)), core_count())


def make_preprocessor(model, people: People) -> Preprocessor:
    """Makes the preprocessor of a model's crops, without augmentation."""
    return Preprocessor(people, model.input_size, model.heatmap_size)
