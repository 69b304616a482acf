"""PCKh under every convention that publications use, each by its name.

Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de
"""

from dataclasses import dataclass

import numpy as np

from keras_hourglass.labels import unpack
from keras_hourglass.predict import find
from keras_hourglass.skeleton import OFFICIAL_HEAD, Skeleton

THRESHOLDS = (0.5, 0.2, 0.1)  # reference lengths
CURVE = np.arange(51) / 100  # the thresholds under whose curve the area is taken


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
        part = errors[:, [*CHOSEN[self.joints](skeleton)]]
        if not self.by_count:
            return float(np.nanmean(rates(part, threshold, self.inclusive)))
        right = part <= threshold if self.inclusive else part < threshold
        return float(100 * right.sum() / max(1, np.isfinite(part).sum()))


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


CHOSEN = {
    "all": lambda skeleton: range(len(skeleton.joints)),
    "scored": lambda skeleton: skeleton.scored,
    "limbs": lambda skeleton: skeleton.arms_and_legs,
}


def rates(errors, threshold: float, inclusive: bool = False) -> np.ndarray:
    """`(joints,)`, percent: how many of a joint's errors are under a threshold."""
    right = errors <= threshold if inclusive else errors < threshold
    with np.errstate(invalid="ignore"):
        return 100 * right.sum(0) / np.isfinite(errors).sum(0)


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


def score(errors, skeleton: Skeleton) -> dict:
    """Every convention at every threshold, and the areas under the curves.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        skeleton: What the joints are.

    Returns:
        "people" and "joints" counted; for each threshold "columns" and "means" in
        percent; "area": convention -> mean height of its curve from 0 to 0.5.
    """
    curves = {
        name: [convention.mean(errors, skeleton, t) for t in CURVE]
        for name, convention in CONVENTIONS.items()
    }
    return {
        "people": int(np.isfinite(errors).any(1).sum()),
        "joints": int(np.isfinite(errors).sum()),
        "thresholds": {
            str(threshold): {
                "columns": columns(errors, skeleton, threshold),
                "means": {
                    name: convention.mean(errors, skeleton, threshold)
                    for name, convention in CONVENTIONS.items()
                },
            }
            for threshold in THRESHOLDS
        },
        "area": {
            name: float(np.trapezoid(curve, CURVE) / CURVE[-1])
            for name, curve in curves.items()
        },
    }


def evaluate(model, batches, flip: bool = False):
    """How far a network is off.

    Args:
        model: A `StackedHourglass`.
        batches: Of (images, labels), as for `fit`.
        flip: Whether to average with the mirrored image.

    Returns:
        errors `(people, joints)`, in reference lengths, NaN where not scored; and
        the mean signed error (x, y), heatmap pixels, of joints found to within one
        reference length: what the network is systematically off by.
    """
    errors, offsets = [], []
    for images, labels in batches:
        points, weight, reference = unpack(np.asarray(labels))
        found, _ = find(model, np.asarray(images), flip)
        off = found - points
        scored = (weight > 0) & (reference > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.linalg.norm(off, axis=-1) / reference
        errors.append(np.where(scored, error, np.nan))
        offsets.append(off[scored & (error <= 1)])
    signed = np.concatenate(offsets)
    mean = signed.mean(0) if len(signed) else np.full(2, np.nan)
    return np.concatenate(errors), tuple(map(float, mean))
