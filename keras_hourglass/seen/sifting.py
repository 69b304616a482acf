"""Which boxes of a picture are looked at."""

import numpy as np

from keras_hourglass.predict.boxes import inside


def sifted(boxes_of, least: float, fail):
    """The same function from a `Shot` to boxes `(people, 5)`, of those worth a look.

    Args:
        boxes_of: Such a function.
        least: The score from which on a box counts.
        fail: What to call with which boxes lie wholly outside of their picture.
    """

    def of(shot):
        rows = boxes_of(shot)
        rows = rows[rows[:, 4] >= least]
        kept = [row for row in rows if _inside(row, shot, fail)]
        return np.reshape(kept, (-1, 5))

    return of


def _inside(row, shot, fail) -> bool:
    try:
        inside(row[None, :4], shot.pixels.shape[1::-1], shot.source.name)
    except ValueError as error:
        fail(str(error))
        return False
    return True
