"""The official annotation of MPII, a `.mat` file of nested structs."""

from pathlib import Path

import numpy as np

from keras_hourglass.data.datasets.mpii.conventions import (
    LACKING,
    head_size,
    split_of,
    to_person,
)
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import PARSE_ERRORS, SkipPerson

NAMES = ("mpii_human_pose_v1_u12_1.mat",)


def read_entries(path: Path):
    """The people of the file, and what makes a row of one; see `reading.gather`."""
    release = files.read_matlab(path, "RELEASE", squeeze=True)
    try:
        in_training = np.atleast_1d(release.img_train).astype(bool)
        listed = [
            (str(entry.image.name), np.atleast_1d(entry.annorect))
            for entry in np.atleast_1d(release.annolist)
        ]
    except PARSE_ERRORS as error:
        raise files.DatasetError(f"{path} is not MPII's annotation: {error}") from None
    people = (
        (
            f"{picture} ({path}, image {image}, person {number})",
            (rect, picture, split_of(image, number)),
        )
        for image, (picture, rects) in enumerate(listed, 1)
        if in_training[image - 1]
        for number, rect in enumerate(rects, 1)
    )
    return people, parse_person


def parse_person(entry) -> dict:
    """A row of an `annorect`, picture and split; of the first anything may be missing.

    Raises:
        LeftOut: If that is something needed.
        ValueError: If a joint is none of the sixteen.
    """
    rect, picture, split = entry
    points = np.atleast_1d(getattr(getattr(rect, "annopoints", None), "point", []))
    objpos = to_numbers(getattr(rect, "objpos", None), "x", "y")
    scale, box = to_numbers(rect, "scale"), to_numbers(rect, "x1", "y1", "x2", "y2")
    joints, visible = np.zeros((16, 2)), np.full(16, np.nan)
    for point in points:
        if (found := to_numbers(point, "id", "x", "y")) is None:
            continue
        if found[0] not in range(16):
            raise ValueError(f"joint {found[0]:g} must be one of 0 to 15")
        joints[int(found[0])] = found[1:]
        if (seen := to_numbers(point, "is_visible")) is not None:
            visible[int(found[0])] = seen[0] > 0
    if objpos is None or scale is None:
        raise SkipPerson(LACKING)
    head = None if box is None else head_size(box.reshape(2, 2))
    row = to_person(objpos, scale[0], joints, head)
    return {**row, "visible": visible, "image": picture, "split": split}


def to_numbers(struct, *names):
    """The fields of a struct, `(names,)`; None if one is missing or empty."""
    values = [np.ravel(getattr(struct, name, [])) for name in names]
    whole = all(value.size == 1 for value in values)
    return np.concatenate(values).astype(float) if whole else None
