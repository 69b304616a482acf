"""How many joints are found: of each, and of the columns that tables print."""

import numpy as np

from keras_hourglass.skeleton import OFFICIAL_HEAD, Skeleton


def correct(errors, threshold: float, inclusive: bool = False) -> np.ndarray:
    """Of each error in reference lengths, whether the joint is found; NaN is not."""
    return errors <= threshold if inclusive else errors < threshold


def rates(errors, threshold: float, inclusive: bool = False) -> np.ndarray:
    """`(joints,)`, percent: how many of a joint's errors are under a threshold."""
    with np.errstate(invalid="ignore"):
        right = correct(errors, threshold, inclusive).sum(0)
        return 100 * right / np.isfinite(errors).sum(0)


def columns(errors, skeleton: Skeleton, threshold: float) -> dict[str, float]:
    """Column -> percent: the mean of the rates of each of the skeleton's groups.

    "Head" is the head's top; MPII's own evaluation averages it with the upper neck,
    which is the column "Head (official)".
    """
    by_joint = rates(errors, threshold)
    groups = skeleton.groups or {name: (name,) for name in skeleton.joints}
    table = {
        column: float(np.mean(by_joint[[*skeleton.indices(names)]]))
        for column, names in groups.items()
    }
    if {*OFFICIAL_HEAD} <= {*skeleton.joints}:
        official = by_joint[[*skeleton.indices(OFFICIAL_HEAD)]]
        table["Head (official)"] = float(np.mean(official))
    return table
