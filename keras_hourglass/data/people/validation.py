"""Validation of people: rows, and numbers that training and scoring can use.

Absent joints may be anything: tables of pandas, DeepLabCut and SLEAP write NaN.
"""

import numpy as np

MAX_COORDINATE = 2.0**20  # pixels: OpenCV reads no image of so many columns or rows
SIZE, POSITIVE = "finite numbers of 0 or above", "finite numbers above 0"


def validate_people(people) -> np.ndarray:
    """Checks the joints, weights, windows and reference lengths of people.

    Args:
        people: `People`.

    Returns:
        `(N, J, 2)`: the joints; those of weight 0 that are out of bounds are 0.

    Raises:
        ValueError: If a number is not valid; names the person, and the joint.
    """
    joints, weights = np.asarray(people.joints), np.asarray(people.weights)
    usable = (np.abs(joints) <= MAX_COORDINATE).all(axis=-1)  # False for NaN, too
    limits = f"numbers of up to {MAX_COORDINATE:,.0f} pixels"
    _require(people, "weights", _is_size(weights), SIZE)
    _require(people, "joints", usable | (weights == 0), f"{limits} where weighted")
    near = np.abs(people.centers) <= MAX_COORDINATE
    _require(people, "centers", near.all(axis=-1), limits)
    sides = np.asarray(people.sides)
    _require(people, "sides", _is_size(sides) & (sides > 0), POSITIVE)
    _require(people, "head_sizes", _is_size(people.head_sizes), SIZE)
    _require(people, "box_sizes", _is_size(people.box_sizes).all(axis=-1), SIZE)
    return joints if usable.all() else np.where(usable[..., None], joints, 0)


def as_rows(rows) -> np.ndarray:
    """Converts a mask or row numbers to an array that indexes columns."""
    rows = np.asarray(rows)
    if rows.dtype != bool and not rows.size:
        rows = rows.astype(int)
    if rows.ndim != 1 or rows.dtype.kind not in "biu":
        raise TypeError(
            "Rows are indexed by an integer, a slice, a list of integers or a mask. "
            f"Received: {rows!r}"
        )
    return rows


def _is_size(values):
    return np.isfinite(values) & np.greater_equal(values, 0)


def _require(people, column, valid, requirement):
    """Raises an error that names the first person, and joint, of an invalid number.

    Args:
        people: `People`.
        column: Name of their attribute.
        valid: `(N,)` or `(N, J)`, bool.
        requirement: Of the column, for the message.
    """
    if valid.all():
        return
    place = tuple(map(int, np.argwhere(~valid)[0]))
    subject = f"person {str(people.names[place[0]])!r}"
    if len(place) > 1:
        subject = f"joint {people.skeleton.joints[place[1]]!r} of {subject}"
    value = np.asarray(getattr(people, column)[place]).tolist()
    raise ValueError(
        f"`{column}` must be {requirement}. "
        f"Received: {column}[{', '.join(map(str, place))}]={value}, {subject}"
    )
