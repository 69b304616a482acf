"""People as named points: rows from labels that tools store one by one."""

import numpy as np

from keras_hourglass.data import warp
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import (
    MIN_SIDE,
    NO_JOINT,
    SkipPerson,
    read_skeleton,
)
from keras_hourglass.skeletons import Skeleton

NO_WINDOW = "neither a box nor joints that are apart"


def skeleton_of_points(names: list[str], root) -> Skeleton:
    """Makes the skeleton of the names of all points of a dataset.

    Raises:
        DatasetError: If they make none; names the folder of the dataset.
    """
    try:
        return read_skeleton(names)
    except ValueError as error:
        raise DatasetError(f"{root}: {error}") from None


def row_of_points(image: str, points: dict, joints: tuple[str, ...], box=None) -> dict:
    """Makes a row of `people.from_rows`.

    Args:
        image: Name of the image.
        points: Name of a joint -> x, y and, where known, the confidence of the label.
        joints: Names of all joints.
        box: x, y, width, height of the person; without one, the window follows from
            the joints.

    Raises:
        SkipPerson: If there are no points, or the window cannot be determined.
    """
    places, weights = np.zeros((len(joints), 2)), np.zeros(len(joints))
    for index, name in enumerate(joints):
        if name in points:
            *places[index], weights[index] = (*points[name], 1)[:3]
    if not (weights > 0).any():
        raise SkipPerson(NO_JOINT)
    row = {"image": image, "joints": places, "weights": weights}
    if box is not None:
        return {**row, **warp.window_of_box(box)}
    window = warp.window_of_joints(places, weights > 0)
    if window["side"] < MIN_SIDE:
        raise SkipPerson(NO_WINDOW)
    return {**row, **window}
