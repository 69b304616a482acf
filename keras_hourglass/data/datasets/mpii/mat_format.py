"""MPII's official annotation, a `.mat` file of nested structs."""

from pathlib import Path

import numpy as np

from keras_hourglass.data.datasets.mpii.conventions import (
    INCOMPLETE,
    head_size,
    split_of,
    to_person,
)
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import PARSE_ERRORS, SkipPerson

NAMES = ("mpii_human_pose_v1_u12_1.mat",)


def read_entries(path: Path):
    """Returns the people of the training images and the function that parses one.

    See `collect_people`.
    """
    release = files.read_matlab(path, "RELEASE", squeeze=True)
    try:
        in_training = np.atleast_1d(release.img_train).astype(bool)
        annotations = [
            (str(entry.image.name), np.atleast_1d(entry.annorect))
            for entry in np.atleast_1d(release.annolist)
        ]
    except PARSE_ERRORS as error:
        raise files.DatasetError(f"{path} is not MPII's annotation: {error}") from None
    people = (
        (
            f"{name} ({path}, image {image}, person {number})",
            (rect, name, split_of(image, number)),
        )
        for image, (name, rects) in enumerate(annotations, 1)
        if in_training[image - 1]
        for number, rect in enumerate(rects, 1)
    )
    return people, parse_person


def parse_person(entry) -> dict:
    """Makes a row of an `annorect`, the image's name and the split.

    Any field of the `annorect` may be missing or empty.

    Raises:
        SkipPerson: If joints, center or scale are missing.
        ValueError: If a joint's id is not one of the sixteen.
    """
    rect, image, split = entry
    objpos = numeric_fields(getattr(rect, "objpos", None), "x", "y")
    scale = numeric_fields(rect, "scale")
    box = numeric_fields(rect, "x1", "y1", "x2", "y2")
    joints, visible = np.zeros((16, 2)), np.full(16, np.nan)
    for point in annotated_points(rect):
        if (values := numeric_fields(point, "id", "x", "y")) is None:
            continue
        if values[0] not in range(16):
            raise ValueError(f"joint {values[0]:g} must be one of 0 to 15")
        joints[int(values[0])] = values[1:]
        if (is_visible := numeric_fields(point, "is_visible")) is not None:
            visible[int(values[0])] = is_visible[0] > 0
    if objpos is None or scale is None:
        raise SkipPerson(INCOMPLETE)
    head = None if box is None else head_size(box.reshape(2, 2))
    row = to_person(objpos, scale[0], joints, head)
    return {**row, "visible": visible, "image": image, "split": split}


def annotated_points(rect) -> np.ndarray:
    """Returns the joints of an `annorect`, an array of structs."""
    return np.atleast_1d(getattr(getattr(rect, "annopoints", None), "point", []))


def numeric_fields(struct, *names):
    """Returns fields of a struct, `(names,)`; None if one is missing or empty."""
    values = [np.ravel(getattr(struct, name, [])) for name in names]
    complete = all(value.size == 1 for value in values)
    return np.concatenate(values).astype(float) if complete else None
