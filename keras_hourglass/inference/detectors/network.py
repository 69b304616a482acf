"""Detection of people by a `PersonDetector`, in any runtime."""

import os
from pathlib import Path
from threading import Lock

import numpy as np

from keras_hourglass.inference.detectors.detector import Detector
from keras_hourglass.inference.runtimes.selection import AUTO, load_detector_network
from keras_hourglass.inference.thresholds import MIN_SCORE
from keras_hourglass.inference.views import crop_views, whole_window
from keras_hourglass.models.loading import model_name
from keras_hourglass.models.presets import PRESETS_OF

MIN_SIDE = 1.0  # of a box, in image pixels


class NetworkDetector(Detector):
    """Detects people by a network that sees the whole image, letterboxed.

    Boxes are clipped to the image. The network of a packaged preset is loaded when it
    is first used.

    Args:
        model: A `PersonDetector`, the path of one, or the name of a preset.
        runtime: The program that runs it; see `PoseEstimator`.
        min_score, max_people: See `Detector`.
    """

    takes_batches = True

    def __init__(
        self,
        model,
        runtime: str = AUTO,
        min_score: float | None = None,
        max_people: int | None = None,
    ):
        min_score = MIN_SCORE if min_score is None else min_score
        super().__init__(model_name(model), min_score, max_people)
        is_preset = model in PRESETS_OF["detect"] if isinstance(model, str) else False
        if isinstance(model, str | os.PathLike) and Path(model).exists():
            model = model if is_preset else str(Path(model).absolute())
        self._model, self._runtime = model, runtime
        self._predictor, self._lock = None, Lock()
        if not is_preset:
            self.load()

    def __getstate__(self):
        left_out = {"_predictor", "_lock"}
        return {name: v for name, v in vars(self).items() if name not in left_out}

    def __setstate__(self, state):
        vars(self).update(state, _predictor=None, _lock=Lock())

    def load(self):
        """Loads the network, if it is not loaded, and returns its predictor of boxes.

        Raises:
            FileNotFoundError, ModuleNotFoundError, ValueError: As `PoseEstimator`.
        """
        with self._lock:
            if self._predictor is None:
                _, self._predictor = load_detector_network(self._model, self._runtime)
        return self._predictor

    def prepare(self, region):
        size = self.load().input_size
        (crop,) = crop_views(region, whole_window(region, size), (1.0,), size)
        return crop

    def detect(self, inputs, min_batch: int = 1) -> list:
        return [*zip(*self.load().predict_boxes(inputs, min_batch))]

    def finish(self, found, region):
        boxes, scores = (np.asarray(each, float) for each in found)
        network = self.load()
        window = whole_window(region, network.input_size)
        boxes = window.part(boxes, network.heatmap_size).box()
        low = np.clip(boxes[:, :2], 0, region.size)
        high = np.clip(boxes[:, :2] + boxes[:, 2:], 0, region.size)
        boxes = np.concatenate([low, high - low], axis=-1)
        visible = (boxes[:, 2:] >= MIN_SIDE).all(-1)
        return self.limit(boxes[visible], scores[visible])
