"""Measures of keypoints, and the points at which those of detected people are read.

Of keypoints: the percentage of correct ones, and the length of its errors.
"""

from dataclasses import dataclass

# Of a threshold: float32's rounding of coordinates on a heatmap of 64 pixels, which
# differs with the window, where the threshold is a heatmap pixel or more.
TOLERANCE = 5e-6
RECALL_LEVELS = 101  # from 0 to 1, at which COCO reads the precision of people found
FALSE_PER_PHOTOGRAPH = 0.5  # people, on the average: where the recall is read


def is_correct(errors, threshold, inclusive: bool = True):
    """Compares errors with a threshold: the rule of every percentage of keypoints.

    An error that differs from the threshold by at most `TOLERANCE` of it is exactly at
    the threshold.

    Args:
        errors: Array or tensor; NaN is not correct.
        threshold: In the unit of the errors; a number, array or tensor.
        inclusive: Whether an error exactly at the threshold is correct.

    Returns:
        Array or tensor, bool.
    """
    if inclusive:
        return errors <= threshold * (1 + TOLERANCE)
    return errors < threshold * (1 - TOLERANCE)


@dataclass(frozen=True)
class Measure:
    """A percentage of correct keypoints, and the length that errors are measured in.

    Attributes:
        name: Of the percentage.
        reference: Name of the length.
        thresholds: Largest errors of correct keypoints, in reference lengths.
        threshold: The one of a percentage without a number.
    """

    name: str
    reference: str
    thresholds: tuple[float, ...]
    threshold: float

    @property
    def title(self) -> str:
        """The percentage and its threshold, as in "PCKh@0.5"."""
        return f"{self.name}@{self.threshold}"

    @property
    def is_pckh(self) -> bool:
        """Whether errors are measured in head sizes."""
        return self == MEASURES["head"]


MEASURES = {  # value of `Skeleton.reference` -> measure
    "head": Measure("PCKh", "head size", (0.5, 0.2, 0.1), 0.5),
    "box": Measure("PCK", "longer side of the box", (0.05, 0.1, 0.2), 0.1),
}
