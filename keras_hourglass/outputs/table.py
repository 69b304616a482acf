"""CSV, a line for each person.

Of pictures, the columns are those of a dataset of one's own (`data/own.py`), so that
what a network finds can be corrected by hand, and trained on.
"""

import csv
from contextlib import contextmanager

import numpy as np

from keras_hourglass.data.reading.table import BOX, PICTURE, PLACE, SCORE

FRAME = "frame"


@contextmanager
def writing(file, skeleton, frames):
    """See `formats.FORMATS`."""
    ends = (*PLACE, SCORE)
    joints = [name + end for name in skeleton.joints for end in ends]
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow([PICTURE, *[FRAME] * frames, *BOX, *joints])

    def write(seen, drawn=None):
        place = [seen.shot.source.name, *[seen.shot.frame] * frames]
        for pose in seen.poses:
            scores = pose.scores.astype(float).clip(0, 1).round(4)[:, None]
            joints = np.concatenate([pose.joints.round(2), scores], axis=1)
            rows.writerow([*place, *pose.box.round(2).tolist(), *joints.ravel()])

    yield write
