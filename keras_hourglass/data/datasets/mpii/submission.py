"""Submissions to MPII's test server: predictions in the structure of the annotation.

The struct array `pred` is the annotation of the test images, in which each person to
evaluate (see `testset.py`) has sixteen points `x`, `y` and `id`, pixels counted from 1.

http://human-pose.mpi-inf.mpg.de/#evaluation
"""

from pathlib import Path

import numpy as np
import scipy.io

from keras_hourglass.data.datasets.mpii.mat_format import (
    annotated_points,
    numeric_fields,
)
from keras_hourglass.data.datasets.mpii.testset import TestSet
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.matlab import (
    EMPTY,
    is_struct,
    struct_array,
    struct_fields,
)


def write_submission(path: Path, test: TestSet, joints):
    """Writes the file to submit.

    Args:
        path: Of the file.
        test: The test set.
        joints: `(people, 16, 2)`, x before y, image pixels counted from 0, one row for
            each of `test.people`.
    """
    joints_of = {(p.image, p.number): xy for p, xy in zip(test.people, joints)}
    pred = []
    for image, entry in enumerate(test.entries):
        rects = []
        for number, rect in enumerate(np.atleast_1d(entry.annorect)):
            fields = struct_fields(rect) if is_struct(rect) else {}
            fields.pop("annopoints", None)
            if (image, number) in joints_of:
                fields["annopoints"] = {"point": _to_points(joints_of[image, number])}
            rects.append(fields)
        annorect = struct_array(rects) if rects else EMPTY
        pred.append({**struct_fields(entry), "annorect": annorect})
    variables = {"pred": struct_array(pred)}
    scipy.io.savemat(path, variables, appendmat=False, do_compression=True)


def _to_points(joints):
    """Converts `(16, 2)` joints into a struct array, in MPII pixels."""
    return struct_array(
        {"x": float(x) + 1, "y": float(y) + 1, "id": float(number)}
        for number, (x, y) in enumerate(joints)
    )


def check_submission(path: Path, test: TestSet) -> np.ndarray:
    """Reads a submission back and checks that the server can evaluate it.

    Args:
        path: Of the file.
        test: The test set that it must cover.

    Returns:
        `(people, 16, 2)`, x before y, MPII pixels, counted from 1.

    Raises:
        DatasetError: If the images differ, or a person to evaluate does not have each
            of the sixteen joints exactly once, or another position or scale than in
            the annotation.
    """
    pred = np.atleast_1d(files.read_matlab(path, "pred", squeeze=True))
    names = [str(entry.image.name) for entry in test.entries]
    if [str(entry.image.name) for entry in pred] != names:
        raise files.DatasetError(f"{path} must have the {len(names):,} test images")
    joints = np.full((len(test.people), 16, 2), np.nan)
    for row, person in enumerate(test.people):
        rect = np.atleast_1d(pred[person.image].annorect)[person.number]
        points = [numeric_fields(p, "id", "x", "y") for p in annotated_points(rect)]
        ids = sorted(point[0] for point in points if point is not None)
        objpos = numeric_fields(getattr(rect, "objpos", None), "x", "y")
        same = objpos is not None and np.allclose(objpos, person.objpos)
        same = same and getattr(rect, "scale", None) == person.scale
        if ids != [*range(16)] or not same:
            raise files.DatasetError(
                f"{path}: person {person.number + 1} of {person.file} must have joints "
                f"0 to 15 once each, and the annotation's `objpos` and `scale`"
            )
        for point in points:
            if point is not None:
                joints[row, int(point[0])] = point[1:]
    if not np.isfinite(joints).all():
        raise files.DatasetError(f"{path} has joints that are not finite")
    return joints
