"""PCKh conventions: from the errors of joints to published percentages.

Publications average the rates of joints in several ways, which differ by up to a
percentage point. Each has a name here. All functions take errors `(people, joints)`
in reference lengths (head sizes), NaN where a joint is not scored.

Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de
"""

import warnings
from dataclasses import dataclass

import numpy as np

from keras_hourglass.skeletons import OFFICIAL_HEAD, Skeleton

PCKH_THRESHOLD = 0.5  # reference lengths: PCKh without a number means this one


def is_correct(errors, threshold: float, inclusive: bool = True) -> np.ndarray:
    """Compares errors with a threshold. NaN is not correct."""
    return errors <= threshold if inclusive else errors < threshold


def joint_rates(errors, threshold: float, inclusive: bool = True) -> np.ndarray:
    """Computes the rate of correct predictions of each joint.

    Returns:
        `(joints,)`, percent; NaN where a joint is never scored.
    """
    with np.errstate(invalid="ignore"):
        correct = is_correct(errors, threshold, inclusive).sum(0)
        return 100 * correct / np.isfinite(errors).sum(0)


def column_rates(errors, skeleton: Skeleton, threshold: float) -> dict[str, float]:
    """Computes the columns of published tables: the mean rate of each joint group.

    "Head" is the head top; MPII's own evaluation averages it with the upper neck,
    which is the column "Head (official)". Errors at the threshold are not correct.

    Returns:
        Column name -> percent. A skeleton without groups has a column per joint.
    """
    rates = joint_rates(errors, threshold, inclusive=False)
    groups = skeleton.groups or {name: (name,) for name in skeleton.joints}
    if {*OFFICIAL_HEAD} <= {*skeleton.joints}:
        groups = {**groups, "Head (official)": OFFICIAL_HEAD}
    return {
        column: float(np.mean(rates[[*skeleton.indices(names)]]))
        for column, names in groups.items()
    }


JOINT_SUBSETS = {  # name -> indices of the joints that a convention averages
    "all": lambda skeleton: range(len(skeleton.joints)),
    "scored": lambda skeleton: skeleton.scored,
    "limbs": lambda skeleton: skeleton.arms_and_legs,
}


@dataclass(frozen=True)
class Convention:
    """A way to average the rates of joints into one percentage.

    Attributes:
        description: The rule, and the publications that follow it.
        joints: The averaged joints: a key of `JOINT_SUBSETS`.
        by_count: True averages over all labeled joints, False over the joints' rates.
        inclusive: True if an error exactly at the threshold is correct.
    """

    description: str
    joints: str = "scored"
    by_count: bool = True
    inclusive: bool = True

    def mean(self, errors, skeleton: Skeleton, threshold: float) -> float:
        """Averages errors `(people, joints)` into percent."""
        correct = is_correct(errors, threshold, self.inclusive).sum(0)
        return float(self.from_counts(correct, np.isfinite(errors).sum(0), skeleton))

    def from_counts(self, correct, labeled, skeleton: Skeleton):
        """Averages counts of correct and of labeled joints.

        Args:
            correct: `(..., joints)`
            labeled: `(..., joints)`
            skeleton: The joints' skeleton.

        Returns:
            `(...)`, percent.
        """
        chosen = [*JOINT_SUBSETS[self.joints](skeleton)]
        correct, labeled = correct[..., chosen], labeled[..., chosen]
        if self.by_count:
            return 100 * correct.sum(-1) / np.maximum(1, labeled.sum(-1))
        with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # nothing labeled: NaN
            return np.nanmean(100 * correct / labeled, axis=-1)


CONVENTIONS = {
    "mean_of_joints": Convention(
        "mean of the joints' rates without pelvis and thorax (paper, PyTorch ports)",
        by_count=False,
        inclusive=False,
    ),
    "mean_by_count": Convention(
        "mean over labeled joints without pelvis and thorax (HRNet, MMPose)"
    ),
    "all_joints": Convention(
        "mean over labeled joints, all 16 (princeton-vl)", joints="all"
    ),
    "limbs": Convention(
        "mean over labeled joints, the 12 of arms and legs", joints="limbs"
    ),
}
STANDARD = "mean_by_count"  # the convention of the `PCKh` metric
