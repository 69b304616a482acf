"""People: the columns that hold them, their splits, mixtures and checks."""

from keras_hourglass.data.people.people import (
    HEAD_SIZE_RATIO,
    People,
    concatenate,
    from_rows,
)

__all__ = ["HEAD_SIZE_RATIO", "People", "concatenate", "from_rows"]
