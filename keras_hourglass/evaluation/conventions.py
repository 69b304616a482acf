"""PCKh and PCK conventions: from the errors of joints to published percentages.

Publications average the rates of joints in several ways, which differ by up to a
percentage point. Each has a name here. All functions take errors `(people, joints)`
in the reference lengths of the skeleton's measure, NaN where a joint is not scored,
infinite where the prediction is NaN, which is wrong.
`skeletons.measures.is_correct` says which of them are within a threshold.

Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de
"""

import warnings
from dataclasses import dataclass

import numpy as np

from keras_hourglass.skeletons import MPII, OFFICIAL_HEAD, Skeleton
from keras_hourglass.skeletons.measures import is_correct


def is_scored(errors) -> np.ndarray:
    """Returns which joints are scored, also those whose error is infinite."""
    return ~np.isnan(errors)


def joint_rates(errors, threshold: float, inclusive: bool = True) -> np.ndarray:
    """Computes the rate of correct predictions of each joint.

    Returns:
        `(joints,)`, percent; NaN where a joint is never scored.
    """
    with np.errstate(invalid="ignore"):
        correct = is_correct(errors, threshold, inclusive).sum(0)
        return 100 * correct / is_scored(errors).sum(0)


def column_rates(errors, skeleton: Skeleton, threshold: float) -> dict[str, float]:
    """Computes the columns of published tables: the mean rate of each joint group.

    "Head" is the head top; MPII's own evaluation averages it with the upper neck,
    which is the column "Head (official)". Errors at the threshold are not correct.

    Returns:
        Column name -> percent. A skeleton without groups has a column per joint.
    """
    rates = joint_rates(errors, threshold, inclusive=False)
    groups = skeleton.groups or {name: (name,) for name in skeleton.joints}
    if skeleton.has_all(OFFICIAL_HEAD):
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
        rule: The rule, without the joints, which `describe` adds.
        users: The publications of human poses that follow it.
        joints: The averaged joints: a key of `JOINT_SUBSETS`.
        by_count: True averages over all labeled joints, False over the joints' rates.
        inclusive: True if an error exactly at the threshold is correct.
    """

    rule: str
    users: str = ""
    joints: str = "scored"
    by_count: bool = True
    inclusive: bool = True

    def mean(self, errors, skeleton: Skeleton, threshold: float) -> float:
        """Averages errors `(people, joints)` into percent."""
        correct = is_correct(errors, threshold, self.inclusive).sum(0)
        return float(self.from_counts(correct, is_scored(errors).sum(0), skeleton))

    def from_counts(self, correct, labeled, skeleton: Skeleton):
        """Averages counts of correct and of labeled joints.

        Args:
            correct: `(..., joints)`
            labeled: `(..., joints)`
            skeleton: The joints' skeleton.

        Returns:
            `(...)`, percent; NaN where none of the joints is labeled.
        """
        chosen = [*JOINT_SUBSETS[self.joints](skeleton)]
        correct, labeled = correct[..., chosen], labeled[..., chosen]
        with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # nothing labeled: NaN
            if self.by_count:
                return 100 * correct.sum(-1) / labeled.sum(-1)
            return np.nanmean(100 * correct / labeled, axis=-1)

    def describe(self, skeleton: Skeleton) -> str:
        """Describes the rule for a skeleton's joints."""
        left_out = " and ".join(skeleton.unscored)
        joints = {
            "all": f", all {len(skeleton.joints)}",
            "scored": f" without {left_out}" if left_out else "",
            "limbs": f", the {len(skeleton.arms_and_legs)} of arms and legs",
        }[self.joints]
        users = f" ({self.users})" if self.users and skeleton == MPII else ""
        return f"{self.rule}{joints}{users}"


CONVENTIONS = {
    "mean_of_joints": Convention(
        "mean of the joints' rates",
        "paper, PyTorch ports",
        by_count=False,
        inclusive=False,
    ),
    "mean_by_count": Convention("mean over labeled joints", "HRNet, MMPose"),
    "all_joints": Convention("mean over labeled joints", "princeton-vl", joints="all"),
    "limbs": Convention("mean over labeled joints", joints="limbs"),
}
STANDARD = "mean_by_count"  # the convention of the `PCKh` metric
LIMBS = "limbs"


def group_convention(skeleton: Skeleton) -> str:
    """Selects the convention that groups of people are compared by.

    That of arms and legs, which datasets of humans have in common and networks miss
    most; for a skeleton without them, that of the `PCKh` metric.
    """
    return LIMBS if LIMBS in conventions(skeleton) else STANDARD


def conventions(skeleton: Skeleton) -> dict[str, Convention]:
    """Selects the conventions that a skeleton has joints for.

    `limbs` needs the 12 joints of a human's arms and legs. `all_joints` is that of
    PCKh; with another measure it is left out where it would equal `mean_by_count`.
    """
    absent = set()
    if not skeleton.has_arms_and_legs:
        absent.add(LIMBS)
    if not skeleton.unscored and not skeleton.measure.is_pckh:
        absent.add("all_joints")
    return {name: CONVENTIONS[name] for name in CONVENTIONS if name not in absent}
