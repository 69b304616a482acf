"""Preprocessing for detection: an image and a label of boxes, from a photograph."""

from dataclasses import dataclass

import numpy as np

from keras_hourglass.data.detection.augmentation import DetectionAugmentation
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.pipeline.preprocessing import Preprocessor, SampleParams
from keras_hourglass.data.readers.sizes import fill_sizes
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.boxes import IGNORED, blank_row

MAX_ROWS = 32  # boxes of a label
MIN_VISIBLE = 0.25  # of a person's box: with less of it in the window, it is ignored
# Heatmap pixels: of the longer side of a box, below which it is ignored; and of the
# shorter side, below which it is left out.
MIN_LONGER_SIDE, MIN_SIDE = 2.5, 0.25


@dataclass(frozen=True)
class PhotographPreprocessor(Preprocessor):
    """Makes samples of photographs: the interface is that of `Preprocessor`.

    Attributes:
        dataset: Photographs to make samples of.
        image_size, heatmap_size, seed: See `Preprocessor`.
        augmentation: Random changes; None for whole photographs, scaled to fit into
            the image.
    """

    dataset: Photographs
    augmentation: DetectionAugmentation | None = None

    def __post_init__(self):
        object.__setattr__(self, "dataset", fill_sizes(self.dataset))

    @property
    def label_shape(self) -> tuple[int, int]:
        """Shape of the label of one sample."""
        return MAX_ROWS, 5

    @property
    def blank_label(self) -> np.ndarray:
        """The label of padding and of an image that cannot be read: ignored."""
        label = np.zeros(self.label_shape, "float32")
        label[0] = blank_row(self.heatmap_size)
        return label

    def sample_params(self, places) -> list[SampleParams]:
        """Draws the windows of samples.

        Args:
            places: (turn, index) of each; see `EpochSampler`.
        """
        return [self._sample_params(*place) for place in places]

    def _sample_params(self, turn, index):
        photograph = np.array([0.0, 0.0, *self._size(index)])
        whole = Window.letterbox(photograph, self.image_size)
        if self.augmentation is None:
            return SampleParams(whole)
        random = np.random.default_rng((self.seed, turn, index))
        boxes = self.dataset.boxes[index][~self.dataset.is_crowd[index]]
        exact = Window.from_rectangle(photograph)
        window, flipped = self.augmentation.sample_window(whole, exact, boxes, random)
        return SampleParams(window, flipped, random)

    def _size(self, index):
        """Width and height of a photograph; of one that cannot be read, one pixel."""
        return np.nan_to_num(self.dataset.sizes[index].astype(float), nan=1.0)

    def labels(self, indices, params: list[SampleParams]) -> np.ndarray:
        """Makes labels `(photographs, 32, 5)`, float32; see `heatmaps.boxes`."""
        labels = np.zeros((len(params), *self.label_shape), "float32")
        for label, index, p in zip(labels, indices, params):
            boxes, is_crowd = self.dataset.boxes[index], self.dataset.is_crowd[index]
            rows = label_boxes(
                *(boxes, is_crowd, self._size(index), p.window, self.heatmap_size)
            )
            label[: len(rows)] = rows
        return labels


def label_boxes(boxes, is_crowd, photograph_size, window: Window, size) -> np.ndarray:
    """Makes the rows of a label from the boxes of a photograph.

    Boxes are clipped to the photograph, then to the window. Ignored are crowds, people
    of whose boxes less than a quarter lies in the window, and those too small to be
    found. People come first, then the larger boxes; of more than `MAX_ROWS`, the
    others become one ignored area.

    Args:
        boxes: `(people, 4)`, x, y, width, height, image pixels.
        is_crowd: `(people,)`, bool.
        photograph_size: Width and height of the photograph, pixels.
        window: The part of the photograph that the heatmap lies over.
        size: Width and height of the heatmap.

    Returns:
        `(rows, 5)`, at most `MAX_ROWS`: x, y, width, height in heatmap pixels, weight.
    """
    low = boxes[:, :2].astype(float) - 0.5
    corners = np.stack([low, low + boxes[:, 2:]], axis=1)
    corners = np.clip(corners, -0.5, np.asarray(photograph_size) - 0.5)
    corners = window.to_grid(corners.reshape(-1, 2), size).reshape(-1, 2, 2)
    corners = np.sort(corners, axis=1)  # a mirrored window exchanges left and right
    area = np.prod(corners[:, 1] - corners[:, 0], axis=-1)
    corners = np.clip(corners, -0.5, np.asarray(size) - 0.5)
    sides = corners[:, 1] - corners[:, 0]
    visible = np.prod(sides, axis=-1) / np.maximum(area, 1e-6)
    ignored = is_crowd | (visible < MIN_VISIBLE)
    ignored |= sides.max(axis=-1, initial=0) < MIN_LONGER_SIDE
    weights = np.where(ignored, IGNORED, 1)
    rows = np.column_stack([corners[:, 0] + 0.5, sides, weights])
    rows = rows[(sides > MIN_SIDE).all(axis=-1)]
    rows = rows[np.lexsort((-rows[:, 2] * rows[:, 3], -rows[:, 4]))]
    if len(rows) > MAX_ROWS:
        rest = rows[MAX_ROWS - 1 :]
        low = rest[:, :2].min(axis=0)
        high = (rest[:, :2] + rest[:, 2:4]).max(axis=0)
        rows = np.vstack([rows[: MAX_ROWS - 1], [*low, *(high - low), IGNORED]])
    return rows
