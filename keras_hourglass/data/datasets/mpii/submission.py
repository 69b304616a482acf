"""What MPII's test server asks for: predictions in the shape of the annotation.

`pred`, a struct array, is the annotation of the test pictures, in which each person to
judge (see `testset.py`) has sixteen points `x`, `y` and `id`, pixels counted from 1.

http://human-pose.mpi-inf.mpg.de/#evaluation
"""

from pathlib import Path

import numpy as np
import scipy.io

from keras_hourglass.data.datasets.mpii import mat_format
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
        path: Where.
        test: Whose predictions they are.
        joints: `(people, 16, 2)`, x before y, picture pixels counted from 0.
    """
    found = {(p.picture, p.number): xy for p, xy in zip(test.people, joints)}
    pred = []
    for place, entry in enumerate(test.entries):
        rects = []
        for number, rect in enumerate(np.atleast_1d(entry.annorect)):
            held = struct_fields(rect) if is_struct(rect) else {}
            held.pop("annopoints", None)
            if (place, number) in found:
                held["annopoints"] = {"point": _points(found[place, number])}
            rects.append(held)
        pred.append(
            {
                **struct_fields(entry),
                "annorect": struct_array(rects) if rects else EMPTY,
            }
        )
    held = {"pred": struct_array(pred)}
    scipy.io.savemat(path, held, appendmat=False, do_compression=True)


def _points(joints):
    """Sixteen points, in MPII pixels."""
    return struct_array(
        {"x": float(x) + 1, "y": float(y) + 1, "id": float(number)}
        for number, (x, y) in enumerate(joints)
    )


def check_submission(path: Path, test: TestSet) -> np.ndarray:
    """What a file to submit says, once it is sure that the server can take it.

    Args:
        path: Of the file.
        test: Who must be in it.

    Returns:
        `(people, 16, 2)`, x before y, MPII pixels.

    Raises:
        DatasetError: If pictures differ, or somebody to judge has not exactly one
            place for each of the sixteen joints, or lacks place or size.
    """
    pred = np.atleast_1d(files.read_matlab(path, "pred", squeeze=True))
    names = [str(entry.image.name) for entry in test.entries]
    if [str(entry.image.name) for entry in pred] != names:
        raise files.DatasetError(f"{path} must have the {len(names):,} test pictures")
    joints = np.full((len(test.people), 16, 2), np.nan)
    for row, person in enumerate(test.people):
        rect = np.atleast_1d(pred[person.picture].annorect)[person.number]
        points = np.atleast_1d(getattr(getattr(rect, "annopoints", None), "point", []))
        found = [mat_format.to_numbers(point, "id", "x", "y") for point in points]
        ids = sorted(point[0] for point in found if point is not None)
        objpos = mat_format.to_numbers(getattr(rect, "objpos", None), "x", "y")
        same = objpos is not None and np.allclose(objpos, person.objpos)
        same = same and getattr(rect, "scale", None) == person.scale
        if ids != [*range(16)] or not same:
            raise files.DatasetError(
                f"{path}: person {person.number + 1} of {person.file} must have joints "
                f"0 to 15 once each, and the annotation's `objpos` and `scale`"
            )
        for number, *place in found:
            joints[row, int(number)] = place
    if not np.isfinite(joints).all():
        raise files.DatasetError(f"{path} has joints that lie nowhere")
    return joints
