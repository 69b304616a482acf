"""Detection of people by networks that take the whole image, letterboxed."""

from threading import Lock

import numpy as np

from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import clip_boxes
from keras_hourglass.inference.detectors.detector import Detector
from keras_hourglass.inference.views import crop_views, letterbox_window

MIN_SIDE = 1.0  # of a box, in image pixels


class NetworkDetector(Detector):
    """Detects people by a network that takes the whole image, letterboxed.

    Boxes are clipped to the image.

    Args:
        load_predictor: Function that loads the network when it is first used, and gives
            its predictor of boxes; see `runtimes.boxes`.
        name, min_score, max_people: See `Detector`.
    """

    takes_batches = True

    def __init__(self, load_predictor, name: str, min_score: float, max_people=None):
        super().__init__(name, min_score, max_people)
        self._lazy = _LazyPredictor(load_predictor)  # shared with other limits

    def __setstate__(self, state):
        if load := state.pop("_load_predictor", None):  # until version 0.8
            state["_lazy"] = _LazyPredictor(load)
        vars(self).update(state)

    def load(self):
        """Loads the network, if it is not loaded, and returns its predictor of boxes.

        Raises:
            FileNotFoundError, ModuleNotFoundError, ValueError: As `PoseEstimator`.
        """
        return self._lazy.get()

    def prepare(self, region):
        size = self.load().input_size
        (crop,) = crop_views(region, letterbox_window(region, size), (1.0,), size)
        return crop

    def detect(self, inputs, min_batch: int = 1) -> list:
        return [*zip(*self.load().predict_boxes(inputs, min_batch))]

    def finish(self, found, region):
        boxes, scores = (np.asarray(each, float) for each in found)
        network = self.load()
        window = letterbox_window(region, network.input_size)
        boxes = window.part(boxes, network.heatmap_size).box()
        boxes = clip_boxes(boxes, region.place.box()[2:], NUMPY)
        visible = (boxes[:, 2:] >= MIN_SIDE).all(-1)
        visible &= scores > 0  # 0 is that of suppressed boxes, and of other classes
        return self.limit(boxes[visible], scores[visible])


class _LazyPredictor:
    """A predictor that is loaded when it is first used; a copy loads its own."""

    def __init__(self, load):
        self._load, self._predictor, self._lock = load, None, Lock()

    def __getstate__(self):
        return self._load

    def __setstate__(self, load):
        self.__init__(load)

    def get(self):
        with self._lock:  # the first images are prepared in several threads
            if self._predictor is None:
                self._predictor = self._load()
        return self._predictor
