"""Exported networks: what a file says of itself, and prediction with it.

Neither Keras nor TensorFlow is imported, but by the runtime that runs a SavedModel.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps import DECODER_NAMES
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import CHANNELS
from keras_hourglass.heatmaps.calibration import validate_calibration
from keras_hourglass.inference.runtimes.base import reason_of
from keras_hourglass.inference.runtimes.heatmap_average import HeatmapAverage
from keras_hourglass.inference.runtimes.metadata import INPUT, read_metadata
from keras_hourglass.inference.views import WINDOW_RULES
from keras_hourglass.skeletons import Skeleton

CROPS_DTYPE = "uint8"


@dataclass(frozen=True, kw_only=True)
class ExportedFile:
    """A network in a file that `export` wrote, described by the file alone.

    Its attributes are those of an `HourglassModel`.

    Attributes:
        path: The file, or the folder of a SavedModel's version.
        name: The network's name.
        image_size: Height and width of crops, in pixels.
        heatmap_size: Width and height of heatmaps.
        parameters: Their number; None if the file does not say it.
    """

    path: Path
    name: str
    image_size: tuple[int, int]
    heatmap_size: tuple[int, int]
    parameters: int | None = None
    task = "detect"

    @classmethod
    def read(cls, path) -> "ExportedFile":
        """Reads the metadata of a file; see `read_metadata`.

        Raises:
            ValueError: If the file is damaged, or not one of `export`; if its metadata
                are not those of a network for the task of the class.
        """
        path = Path(path).absolute()
        facts = read_metadata(path)
        if facts["task"] != cls.task:
            raise ValueError(
                f"{path} must be a network for the task {cls.task!r}. "
                f"Received: one for {facts['task']!r}"
            )
        try:
            if facts["input"] != INPUT:
                raise ValueError(f"input {facts['input']}")
            height, width = map(int, facts["image_size"])
            rows, columns = map(int, facts["heatmap_size"])
            if min(height, width, rows, columns) < 1:
                raise ValueError("sizes")
            return cls(
                path=path,
                name=str(facts["name"]),
                image_size=(height, width),
                heatmap_size=(columns, rows),
                parameters=facts.get("parameters"),
                **cls.read_own(facts),
            )
        except KeyError as error:
            raise ValueError(
                f"{path} must have metadata of `export`. Received: none of {error}"
            ) from None
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{path} must have metadata of `export` that this version reads. "
                f"Received: {error}"
            ) from None

    @classmethod
    def read_own(cls, facts: dict) -> dict:
        """Returns the attributes that a class adds, from the metadata."""
        return {}

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of crops, in pixels."""
        return self.image_size[::-1]

    @cached_property
    def crop_window(self) -> Window:
        """The window that heatmaps cover, in pixels of the crop."""
        return Window.from_rectangle(np.array([0.0, 0.0, *self.input_size]))


@dataclass(frozen=True, kw_only=True)
class ExportedNetwork(ExportedFile):
    """A `StackedHourglass` in a file that `export` wrote.

    Attributes:
        skeleton: Of its keypoints.
        offset: (x, y), heatmap pixels that decoding adds.
        calibration: Of the scores; see `heatmaps.calibration`.
        decoder: The decoder in the file, a key of `heatmaps.DECODERS`.
        window_rules: See `views.WINDOW_RULES`.
    """

    skeleton: Skeleton
    offset: tuple[float, float]
    decoder: str
    window_rules: dict
    calibration: tuple[float, float] | None = None
    task = "pose"

    @classmethod
    def read_own(cls, facts: dict) -> dict:
        if facts["decoder"] not in DECODER_NAMES:
            raise ValueError(f"decoder {facts['decoder']!r}")
        x, y = map(float, facts["offset"])
        if not np.isfinite((x, y)).all():
            raise ValueError("offset")
        return {
            "skeleton": _skeleton(facts),
            "offset": (x, y),
            "decoder": facts["decoder"],
            "window_rules": _window_rules(facts["window"]),
            "calibration": validate_calibration(facts["calibration"]),
        }


def _window_rules(given) -> dict:
    """The rules that a file gives, which must all be known, and others by default."""
    rules = WINDOW_RULES | given
    numbers = [rules[name] for name in WINDOW_RULES]
    low, high = rules["score_ratios"]
    if rules.keys() != WINDOW_RULES.keys() or not low < high:
        raise ValueError(f"window {given}")
    if not np.isfinite(np.hstack(numbers).astype(float)).all():
        raise ValueError(f"window {given}")
    return rules


def _skeleton(facts) -> Skeleton:
    """The skeleton of a file; older ones say joints, limbs and pairs alone.

    Of these, a known one, which has groups and sigmas, or else that of the three.
    """
    if "skeleton" in facts:
        return skeletons.get(facts["skeleton"])
    joints, limbs = facts["joints"], [tuple(limb) for limb in facts["limbs"]]
    own = Skeleton(joints, limbs, flip_pairs=facts["flip_pairs"])
    known = skeletons.SKELETONS.values()
    same = (each for each in known if each.joints == own.joints)
    return next((each for each in same if each.flip_pairs == own.flip_pairs), own)


class ExportedPredictor:
    """Keypoint prediction by an exported network, in any runtime.

    Without flip test and scales, and with the file's own decoder, keypoints are the
    file's; else they are decoded from its heatmaps. Peaks are always those of the
    heatmaps: the file's scores may be calibrated.

    Args:
        runtime: A `Runtime` that has loaded the network.
        network: The network.
        flip, scales, decoder: See `HeatmapAverage`.

    Attributes:
        run: The runtime.
        average: The decoding of its heatmaps.
        decodes_itself: Whether keypoints are the file's.
    """

    def __init__(self, runtime, network: ExportedNetwork, flip, scales, decoder):
        self.network, self.run = network, runtime
        self.average = HeatmapAverage(network, flip, scales, decoder)
        own = flip, self.average.scales.scales, decoder
        self.decodes_itself = own == (False, (1,), network.decoder)

    def predict_keypoints(self, crops, min_batch: int = 1):
        """Predicts the keypoints of any number of people.

        Args:
            crops: `(people, scales, height, width, 3)`, RGB, 0 to 255. They are
                rounded to integers, which exported networks take.
            min_batch: Ignored: nothing is compiled for a size of batches.

        Returns:
            points `(people, joints, 2)`, heatmap pixels; peaks `(people, joints)`.
        """
        views = self.average.views(_to_integers(crops))
        columns, rows = self.network.heatmap_size
        shape = rows, columns, len(self.network.skeleton.joints)
        outputs = _run(self.run, self.network, views, shape)
        if not self.decodes_itself:
            return self.average.decode(outputs["heatmaps"])
        size, window = self.network.heatmap_size, self.network.crop_window
        peaks = NUMPY.max(outputs["heatmaps"], (1, 2))
        return window.to_grid(outputs["keypoints"], size), peaks


class ExportedDetector:
    """Detection of people by an exported `PersonDetector`, in any runtime.

    Args:
        runtime: A `Runtime` that has loaded the network.
        network: The network.

    Attributes:
        input_size, heatmap_size: (width, height) of crops and of heatmaps, in pixels.
    """

    def __init__(self, runtime, network: ExportedFile):
        self.network, self._run = network, runtime
        self.input_size, self.heatmap_size = network.input_size, network.heatmap_size

    def predict_boxes(self, images, min_batch: int = 1):
        """Predicts the boxes of people in any number of images, in one batch.

        Args:
            images: `(images, height, width, 3)`, RGB, 0 to 255. They are rounded to
                integers, which exported networks take.
            min_batch: Ignored: nothing is compiled for a size of batches.

        Returns:
            boxes `(images, 128, 4)`, heatmap pixels; scores `(images, 128)`, the
            highest first; see `decode_boxes`.
        """
        columns, rows = self.heatmap_size
        shape = rows, columns, CHANNELS
        outputs = _run(self._run, self.network, _to_integers(images), shape)
        heatmap = Window.from_rectangle(np.array([0.0, 0.0, columns, rows]))
        boxes = heatmap.part(outputs["boxes"], self.input_size).box()
        return boxes, outputs["scores"]


def _to_integers(crops):
    """Rounds crops to integers, which exported networks take."""
    crops = np.asarray(crops)
    return crops if crops.dtype == CROPS_DTYPE else np.rint(crops).astype(CROPS_DTYPE)


def _run(runtime, network, crops, shape):
    """Runs a network, whose heatmaps must have the shape that its metadata say.

    Args:
        runtime: A `Runtime` that has loaded the network.
        network: The `ExportedFile`.
        crops: `(batch, height, width, 3)`, uint8.
        shape: Height, width and channels of the heatmaps.

    Returns:
        The outputs, by name.
    """
    try:
        outputs = runtime(crops)
    except Exception as error:  # each runtime raises its own
        raise ValueError(
            f"{network.path} must run on crops {crops.shape[1:]}, as its metadata say. "
            f"Received: {reason_of(error)}"
        ) from error
    if (received := outputs["heatmaps"].shape[1:]) != shape:
        raise ValueError(
            f"{network.path} must predict heatmaps {shape}, as its metadata say. "
            f"Received: {received}"
        )
    return outputs
