"""A contact sheet: a dataset's people with their skeletons, to see that both agree."""

import numpy as np

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.people import People
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.visualization.grids import image_grid
from keras_hourglass.visualization.skeletons import draw_skeleton

SIDE, COLUMNS = 256, 6  # pixels of a person, and how many in a row


def contact_sheet(
    people: People,
    count: int = 24,
    seed: int = 0,
    augmentation: Augmentation | None = None,
    broken: str = "error",
):
    """Some people, drawn by lot, each in the window that a network would see.

    Args:
        people: Of whom to draw.
        count: How many. Where there are fewer, everybody is there once, or, if they
            are varied, as often as it takes.
        seed: Of the lot and of what is varied.
        augmentation: How to vary them, as in training; None shows them as annotated.
        broken: Of pictures: "error", or "skip" for a black one.

    Returns:
        A sheet `(height, width, 3)`, uint8, RGB; the row of each person on it, from
        left to right; and why pictures could not be read.

    Raises:
        BrokenPicture: If one cannot be read; names file and person.
    """
    rows = np.random.default_rng(seed).permutation(len(people))
    count = count if augmentation else min(count, len(rows))
    places = [(i // len(rows), int(rows[i % len(rows)])) for i in range(count)]
    size = (SIDE, SIDE)  # of the labels, too: they are drawn on the image itself
    loader = Loader(Preprocessor(people, size, size, augmentation, seed), broken)
    images, labels = loader.load_batch(places)
    points, weights, _ = unpack(labels)
    drawn = [
        draw_skeleton(image, joints, people.skeleton, weight)
        for image, joints, weight in zip(images, points, weights)
    ]
    shown = [row for _, row in places]
    return image_grid(drawn, min(COLUMNS, count)), shown, [*loader.failures.values()]
