"""Exported networks: what a file says of itself, and keypoint prediction with it.

Neither Keras nor TensorFlow is imported, but by the runtime that runs a SavedModel.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps import DECODER_NAMES
from keras_hourglass.inference.runtimes.base import reason_of
from keras_hourglass.inference.runtimes.heatmap_average import HeatmapAverage
from keras_hourglass.inference.runtimes.metadata import INPUT, read_metadata
from keras_hourglass.inference.views import WINDOW_RULES
from keras_hourglass.skeletons import Skeleton

CROPS_DTYPE = "uint8"


@dataclass(frozen=True)
class ExportedNetwork:
    """A network in a file that `export` wrote, described by the file alone.

    Its attributes are those of a `StackedHourglass`.

    Attributes:
        path: The file, or the folder of a SavedModel's version.
        name: The network's name.
        skeleton: Of its keypoints.
        image_size: Height and width of crops, in pixels.
        heatmap_size: Width and height of heatmaps.
        offset: (x, y), heatmap pixels that decoding adds.
        decoder: The decoder in the file, a key of `heatmaps.DECODERS`.
        window_rules: See `views.WINDOW_RULES`.
        parameters: Their number; None if the file does not say it.
    """

    path: Path
    name: str
    skeleton: Skeleton
    image_size: tuple[int, int]
    heatmap_size: tuple[int, int]
    offset: tuple[float, float]
    decoder: str
    window_rules: dict
    parameters: int | None = None

    @classmethod
    def read(cls, path) -> "ExportedNetwork":
        """Reads the metadata of a file; see `read_metadata`.

        Raises:
            ValueError: If the file is damaged, or not one of `export`; if its metadata
                are not those of a network.
        """
        path = Path(path).absolute()
        facts = read_metadata(path)
        try:
            if facts["input"] != INPUT:
                raise ValueError(f"input {facts['input']}")
            if facts["decoder"] not in DECODER_NAMES:
                raise ValueError(f"decoder {facts['decoder']!r}")
            height, width = map(int, facts["image_size"])
            rows, columns = map(int, facts["heatmap_size"])
            x, y = map(float, facts["offset"])
            if min(height, width, rows, columns) < 1 or not np.isfinite((x, y)).all():
                raise ValueError("sizes and offset")
            return cls(
                path=path,
                name=str(facts["name"]),
                skeleton=_skeleton(facts),
                image_size=(height, width),
                heatmap_size=(columns, rows),
                offset=(x, y),
                decoder=facts["decoder"],
                window_rules=_window_rules(facts["window"]),
                parameters=facts.get("parameters"),
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

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of crops, in pixels."""
        return self.image_size[::-1]

    @cached_property
    def crop_window(self) -> Window:
        """The window that heatmaps cover, in pixels of the crop."""
        return Window.from_rectangle(np.array([0.0, 0.0, *self.input_size]))


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
    """A known skeleton, which has groups and sigmas, or that of joints and limbs."""
    joints, limbs = facts["joints"], [tuple(limb) for limb in facts["limbs"]]
    own = Skeleton(joints, limbs, flip_pairs=facts["flip_pairs"])
    known = skeletons.SKELETONS.values()
    same = (each for each in known if each.joints == own.joints)
    return next((each for each in same if each.flip_pairs == own.flip_pairs), own)


class ExportedPredictor:
    """Keypoint prediction by an exported network, in any runtime.

    Without flip test and scales, and with the file's own decoder, keypoints are the
    file's; else they are decoded from its heatmaps.

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
            points `(people, joints, 2)`, heatmap pixels; scores `(people, joints)`.
        """
        crops = np.asarray(crops)
        if crops.dtype != CROPS_DTYPE:
            crops = np.rint(crops).astype(CROPS_DTYPE)
        views = self.average.views(crops)
        try:
            outputs = self.run(views)
        except Exception as error:  # each runtime raises its own
            raise ValueError(
                f"{self.network.path} must run on crops {views.shape[1:]}, as its "
                f"metadata say. Received: {reason_of(error)}"
            ) from error
        self._require_outputs(outputs)
        if not self.decodes_itself:
            return self.average.decode(outputs["heatmaps"])
        size, window = self.network.heatmap_size, self.network.crop_window
        return window.to_grid(outputs["keypoints"], size), outputs["scores"]

    def _require_outputs(self, outputs):
        """Raises a ValueError if shapes are not those that the metadata say."""
        columns, rows = self.network.heatmap_size
        expected = rows, columns, len(self.network.skeleton.joints)
        if (received := outputs["heatmaps"].shape[1:]) != expected:
            raise ValueError(
                f"{self.network.path} must predict heatmaps {expected}, as its "
                f"metadata say. Received: {received}"
            )
