"""People as named points: rows from labels that tools store one by one."""

import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import NO_JOINT, SkipPerson
from keras_hourglass.data.readers.windows import window_of_person
from keras_hourglass.skeletons import Skeleton, canonical_name


def skeleton_of_points(names: list[str], root) -> Skeleton:
    """Makes the skeleton of the names of all points of a dataset.

    Args:
        names: In the order of the joints; repeated in whatever spelling.
        root: Folder of the dataset, for messages.

    Raises:
        DatasetError: If they make none; names the folder of the dataset.
    """
    try:
        return skeletons.of_joints(skeletons.unique_names(names))
    except ValueError as error:
        raise DatasetError(f"{root}: {error}") from None


def row_of_points(image: str, points: dict, skeleton: Skeleton, box=None) -> dict:
    """Makes a row of `people.from_rows`.

    Args:
        image: Name of the image.
        points: Name of a joint, in whatever spelling -> x, y and, where known, the
            confidence of the label.
        skeleton: Of all joints.
        box: x, y, width, height of the person; without one, the window follows from
            the joints.

    Raises:
        SkipPerson: If there are no points, or the window cannot be determined.
    """
    names = skeleton.canonical_names
    places, weights = np.zeros((len(names), 2)), np.zeros(len(names))
    for name, point in points.items():
        index = names.index(canonical_name(name))
        *places[index], weights[index] = (*point, 1)[:3]
    if not (weights > 0).any():
        raise SkipPerson(NO_JOINT)
    window = window_of_person(places, weights > 0, box, noted=box is not None)
    return {"image": image, "joints": places, "weights": weights, **window}
