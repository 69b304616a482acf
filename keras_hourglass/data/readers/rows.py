"""What a person of a dataset can be, so that no number is nonsense further on.

From a dataset's entries to its people: what every reader does with each of them.
"""

from collections import Counter
from pathlib import Path

import numpy as np

from keras_hourglass.data.people import People, from_rows
from keras_hourglass.data.readers import files, paths
from keras_hourglass.skeletons import Skeleton

MAX_COORDINATE = (
    2.0**20
)  # pixels: no picture that OpenCV reads has so many columns or rows
MIN_SIDE = 1.0  # pixel: a window of less shows nothing


def validate_row(row: dict, names: tuple[str, ...]) -> dict:
    """A row of `people.from_rows`, once its numbers are such that geometry holds.

    Where joints of weight 0 are no usable numbers, they become 0.

    Args:
        row: Its joints and weights have the right shapes.
        names: Of the joints.

    Raises:
        ValueError: If a joint, the window or the head lies beyond all pictures, or is
            no number; says which.
    """
    joints, weights = (np.asarray(row[key], float) for key in ("joints", "weights"))
    if not ((0 <= weights) & (weights <= 1)).all():
        raise ValueError("weights of joints must lie in 0 to 1")
    usable = (np.abs(joints) <= MAX_COORDINATE).all(
        -1
    )  # also false of what is no number
    if (wrong := ~usable & (weights > 0)).any():
        first = int(wrong.argmax())
        raise ValueError(
            f"joint {names[first]!r} must be two finite numbers of up to "
            f"{MAX_COORDINATE:,.0f} pixels, not {joints[first].tolist()}"
        )
    center, side = np.asarray(row["center"], float), float(row["side"])
    if center.shape != (2,) or not (np.abs(center) <= MAX_COORDINATE).all():
        raise ValueError(
            "`center` must be two finite numbers of up to "
            f"{MAX_COORDINATE:,.0f} pixels, "
            f"not {center.tolist()}"
        )
    if not MIN_SIDE <= side <= MAX_COORDINATE:
        raise ValueError(
            f"`side` must be {MIN_SIDE:g} to {MAX_COORDINATE:,.0f} pixels, not {side:g}"
        )
    if not 0 <= float(row.get("head_size", 0)) <= MAX_COORDINATE:
        raise ValueError(
            f"`head_size` must be 0 to {MAX_COORDINATE:,.0f} pixels, "
            f"not {row['head_size']}"
        )
    if row.get("split", "train") not in ("train", "val"):
        raise ValueError(f"`split` must be 'train' or 'val', not {row['split']!r}")
    return {**row, "joints": np.where(usable[:, None], joints, 0)}


class SkipPerson(Exception):
    """Why an entry is nobody to use, though nothing is wrong: counted, no fault."""


NO_JOINT = "no usable joint"


def collect_people(
    entries, read, skeleton: Skeleton, path: Path, images: Path, faults=None
) -> People:
    """The people of a file.

    Args:
        entries: Of (name to tell a person by, what the file says of them).
        read: Makes a row of `people.from_rows` of what the file says. Raises LeftOut,
            or any of `WRONG` if it cannot be.
        skeleton: What the joints of the rows are.
        path: Of the file, for messages.
        images: Folder of the pictures that the rows name.
        faults: A list, to gather (name, what is wrong) of those who cannot be used in
            place of the error for the first.

    Raises:
        DatasetError: If something is wrong with a person, and `faults` is None.
    """
    entries = [*entries]
    rows, left_out = [], Counter()
    for name, entry in entries:
        try:
            row = validate_row(read(entry), skeleton.joints)
            picture = paths.resolve_path(images, row["image"])
        except SkipPerson as reason:
            left_out[str(reason)] += 1
        except PARSE_ERRORS as error:
            if faults is None:
                raise files.DatasetError(f"{name}: {describe_error(error)}") from None
            faults.append((name, describe_error(error)))
        else:
            rows.append({**row, "image": picture, "name": name})
    listed = Counter(row["image"] for row in rows)
    rows = [{"num_others": listed[row["image"]] - 1, **row} for row in rows]
    return from_rows(skeleton, rows).with_notes(
        *(
            f"{count:,} of {len(entries):,} people of {path} are left out: {reason}"
            for reason, count in left_out.items()
        )
    )


PARSE_ERRORS = (  # a file's own mistakes
    *(AttributeError, LookupError, OverflowError, TypeError, ValueError),
)


def describe_error(error: Exception) -> str:
    """What an error says is wrong, in words for the user."""
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    return str(error)


def with_names(path: Path, listed: list, key: str):
    """(name, entry) for each entry of a file's list.

    Args:
        path: Of the file.
        listed: What it lists.
        key: Under which an entry names its picture.
    """
    for number, entry in enumerate(listed):
        name = f"{path}, person {number}"
        picture = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(picture, str) and len(picture) <= paths.MAX_LENGTH:
            name = f"{paths.display_path(picture)} ({name})"
        yield name, entry
