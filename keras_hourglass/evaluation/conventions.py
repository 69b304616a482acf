"""How many joints are found: of each, and of the columns that tables print.

The conventions by which the rates of joints become one number, each by its name.

Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de
"""

import warnings
from dataclasses import dataclass

import numpy as np

from keras_hourglass.skeletons import OFFICIAL_HEAD, Skeleton


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


CHOSEN = {
    "all": lambda skeleton: range(len(skeleton.joints)),
    "scored": lambda skeleton: skeleton.scored,
    "limbs": lambda skeleton: skeleton.arms_and_legs,
}


@dataclass(frozen=True)
class Convention:
    """How the rates of joints become one number.

    Attributes:
        says: Who uses it.
        joints: Which count: a key of `CHOSEN`.
        by_count: Whether every labelled joint weighs the same, or every rate.
        inclusive: Whether an error exactly at the threshold is correct.
    """

    says: str
    joints: str = "scored"
    by_count: bool = True
    inclusive: bool = True

    def mean(self, errors, skeleton: Skeleton, threshold: float) -> float:
        """Percent, of errors `(people, joints)` in reference lengths, NaN unscored."""
        right = correct(errors, threshold, self.inclusive)
        return float(self.of_counts(right.sum(0), np.isfinite(errors).sum(0), skeleton))

    def of_counts(self, right, labelled, skeleton: Skeleton):
        """`(...)`, percent, of how many joints are right and how many are labelled.

        Args:
            right: `(..., joints)`
            labelled: `(..., joints)`
            skeleton: What the joints are.
        """
        chosen = [*CHOSEN[self.joints](skeleton)]
        right, labelled = right[..., chosen], labelled[..., chosen]
        if self.by_count:
            return 100 * right.sum(-1) / np.maximum(1, labelled.sum(-1))
        with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # nothing labelled: NaN
            return np.nanmean(100 * right / labelled, axis=-1)


CONVENTIONS = {
    "mean_of_joints": Convention(
        "mean of the joints' rates, pelvis and thorax left out: the PyTorch ports, the "
        "paper",
        by_count=False,
        inclusive=False,
    ),
    "mean_by_count": Convention(
        "every labelled joint weighs the same, pelvis and thorax left out: HRNet, "
        "MMPose"
    ),
    "all_joints": Convention("the same with all 16 joints: princeton-vl", joints="all"),
    "limbs": Convention("the same with the 12 joints of arms and legs", joints="limbs"),
}
