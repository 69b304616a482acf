"""Contact sheet of photographs: samples of a detector, with their boxes drawn."""

from functools import partial

import numpy as np

from keras_hourglass.data.contact_sheet import draw_samples
from keras_hourglass.data.detection import augmentation as augmentations
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.detection.preprocessing import PhotographPreprocessor
from keras_hourglass.models.config import STRIDE
from keras_hourglass.visualization.boxes import draw_labels

SIDE, COLUMNS = 320, 4  # pixels of a photograph, and photographs in a row


def photograph_sheet(
    photographs: Photographs,
    count: int = 12,
    seed: int = 0,
    augmentation=None,
    broken: str = "error",
    columns: int = COLUMNS,
) -> tuple[np.ndarray, list[int], list[str]]:
    """Draws photographs that are chosen at random, as a detector gets them.

    Args:
        photographs: Photographs to choose from.
        count: Photographs to draw. Where there are fewer, each is drawn once, or, with
            augmentation, as often as it takes.
        seed: Seed of the choice and of the augmentation.
        augmentation: See `Photographs.batches`.
        broken: Images that cannot be read: "error" raises, "skip" draws black.
        columns: Photographs in a row, at most.

    Returns:
        The sheet `(height, width, 3)`, uint8, RGB; the row of each photograph on it,
        from left to right; and a message for each image that cannot be read.

    Raises:
        ImageDecodeError: If an image cannot be read; names the file.
    """
    if not len(photographs):
        raise ValueError("`photographs` must be one or more. Received: none")
    augmentation = augmentations.get(augmentation)
    sizes = (SIDE, SIDE), (SIDE // STRIDE, SIDE // STRIDE)
    preprocessor = PhotographPreprocessor(photographs, *sizes, augmentation, seed)
    draw = partial(draw_labels, scale=STRIDE)
    return draw_samples(preprocessor, draw, count, broken, columns)
