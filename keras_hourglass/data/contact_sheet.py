"""Contact sheet: people of a dataset in their windows, with their skeletons drawn."""

import numpy as np

from keras_hourglass.data import augmentation as augmentations
from keras_hourglass.data.people import People
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.visualization.grids import image_grid
from keras_hourglass.visualization.skeletons import draw_skeleton

SIDE, COLUMNS = 256, 6  # pixels of a person, and people in a row


def contact_sheet(
    people: People,
    count: int = 24,
    seed: int = 0,
    augmentation=None,
    broken: str = "error",
    columns: int = COLUMNS,
) -> tuple[np.ndarray, list[int], list[str]]:
    """Draws people that are chosen at random, each in the window of a sample.

    Args:
        people: People to choose from.
        count: People to draw. Where there are fewer, each is drawn once, or, with
            augmentation, as often as it takes.
        seed: Seed of the choice and of the augmentation.
        augmentation: None, a name of `AUGMENTATIONS`, or an `Augmentation`.
        broken: Images that cannot be read: "error" raises, "skip" draws black.
        columns: People in a row, at most.

    Returns:
        The sheet `(height, width, 3)`, uint8, RGB; the row of each person on it, from
        left to right; and a message for each image that cannot be read.

    Raises:
        ImageDecodeError: If an image cannot be read; names file and person.
    """
    if not len(people):
        raise ValueError("`people` must be one or more people. Received: none")
    augmentation = augmentations.get(augmentation)
    size = (SIDE, SIDE)  # of the labels, too: they are drawn on the image itself
    preprocessor = Preprocessor(people, size, size, augmentation, seed)

    def draw(image, label):
        joints, weight, _ = unpack(label)
        return draw_skeleton(image, joints, people.skeleton, weight, min_score=0)

    return draw_samples(preprocessor, draw, count, broken, columns)


def draw_samples(preprocessor, draw, count: int, broken: str, columns: int):
    """Draws samples of a preprocessor that are chosen at random, by its seed.

    Args:
        preprocessor: A `Preprocessor` or a `PhotographPreprocessor`.
        draw: Function of an image and its label that gives the drawn image.
        count, broken, columns: See `contact_sheet`, which says what is returned.
    """
    size, seed = len(preprocessor.dataset), preprocessor.seed
    rows = np.random.default_rng(seed).permutation(size)
    count = count if preprocessor.augmentation else min(count, size)
    places = [(i // size, int(rows[i % size])) for i in range(count)]
    loader = Loader(preprocessor, broken)
    drawn = map(draw, *loader.load_batch(places))
    rows = [row for _, row in places]
    return image_grid([*drawn], min(columns, count)), rows, [*loader.failures.values()]
