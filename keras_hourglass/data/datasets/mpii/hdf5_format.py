"""MPII's annotation as the Torch code of the paper keeps it.

Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV 2016.
https://github.com/princeton-vl/pose-hg-train

Joints are cut to whole pixels, 0 or -1 where absent. In `train.h5` and `valid.h5` the
window has dropped and grown already, which is undone here. The later `annot.h5` leaves
it alone, counts joints from 0, and marks its training pictures by `istrain`.
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

NAMES = ("train.h5", "valid.h5", "annot.h5")
COLUMNS = ("imgname", "index", "person", "center", "scale", "part")
OPTIONAL = {"normalize": -1, "istrain": -1}  # what stands where a file has none


def read_entries(path: Path):
    """The people of the file, and what makes a row of one; see `reading.gather`."""
    try:
        with h5py.File(path) as file:
            columns = [file[name][:] for name in COLUMNS]
            for name, usual in OPTIONAL.items():
                whole = file[name][:] if name in file else [usual] * len(columns[0])
                columns.append(whole)
        columns[0] = [*map(decode_text, columns[0])]
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


def decode_text(imgname) -> str:
    """A picture's name, which Torch writes as numbers with zeros behind."""
    if isinstance(imgname, np.ndarray):
        with np.errstate(invalid="ignore"):  # no letters: `gather` refuses the name
            imgname = bytes(imgname.astype("uint8")).rstrip(b"\0")
    return imgname if isinstance(imgname, str) else imgname.decode()


def parse_person(entry) -> dict:
    """A row of a person's `COLUMNS` and `OPTIONAL`.

    Raises:
        LeftOut: If there is no joint or no scale.
    """
    picture, index, number, center, scale, part, head, istrain = entry
    present = (part != 0).all(-1) & (part != -1).any(-1)
    if istrain < 0:
        scale = scale / MARGIN
        center = center - (0, DROP * scale)
    else:
        part = part + 1
    joints = np.where(present[:, None], part, 0)
    return {
        **to_person(center, scale, joints, head if head > 0 else None),
        "image": picture,
        "split": split_of(int(index) + 1, int(number) + 1),
    }
