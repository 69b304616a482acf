"""MPII's annotation in HDF5 files, as in the paper's Torch code.

Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV 2016.
https://github.com/princeton-vl/pose-hg-train

Joints are truncated to whole pixels, 0 or -1 where absent. `train.h5` and `valid.h5`
hold centers and scales with margins added, which are removed here. The later `annot.h5`
holds them without margins, counts joints from 0, and marks its training images by
`istrain`.
"""

from pathlib import Path

import h5py
import numpy as np

from keras_hourglass.data.datasets.mpii.conventions import (
    DROP,
    MARGIN,
    split_of,
    to_person,
)
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import PARSE_ERRORS

NAMES, LATER_NAMES = ("train.h5", "valid.h5"), ("annot.h5",)
COLUMNS = ("imgname", "index", "person", "center", "scale", "part")
OPTIONAL_COLUMNS = {"normalize": -1, "istrain": -1}  # value where a file has none


def read_entries(path: Path):
    """Returns the file's people and the function that parses one.

    See `collect_people`.
    """
    try:
        with h5py.File(path) as file:
            columns = [file[name][:] for name in COLUMNS]
            for name, default in OPTIONAL_COLUMNS.items():
                present = name in file
                columns.append(
                    file[name][:] if present else [default] * len(columns[0])
                )
        columns[0] = [*map(decode_name, columns[0])]
    except (*PARSE_ERRORS, OSError, RuntimeError) as error:
        raise files.DatasetError(f"{path} is not MPII's annotation: {error}") from None
    if len({*map(len, columns)}) > 1:
        raise files.DatasetError(f"{path}: {COLUMNS} must be of one length")
    people = (
        (f"{entry[0]} ({path}, row {number})", entry)
        for number, entry in enumerate(zip(*columns))
        if entry[-1] != 0
    )
    return people, parse_person


def decode_name(imgname) -> str:
    """Decodes an image's name, which Torch writes as numbers padded with zeros."""
    if isinstance(imgname, np.ndarray):
        with np.errstate(invalid="ignore"):  # not characters: refused as a path later
            imgname = bytes(imgname.astype("uint8")).rstrip(b"\0")
    return imgname if isinstance(imgname, str) else imgname.decode()


def parse_person(entry) -> dict:
    """Makes a row of one person's `COLUMNS` and `OPTIONAL_COLUMNS`.

    Raises:
        SkipPerson: If there are no joints or no scale.
    """
    image, index, number, center, scale, part, head, istrain = entry
    present = (part != 0).all(-1) & (part != -1).any(-1)
    if istrain < 0:
        scale = scale / MARGIN
        center = center - (0, DROP * scale)
    else:
        part = part + 1
    joints = np.where(present[:, None], part, 0)
    return {
        **to_person(center, scale, joints, head if head > 0 else None),
        "image": image,
        "split": split_of(int(index) + 1, int(number) + 1),
    }
