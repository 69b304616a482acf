"""Suppression: the limits of who is found in an image, and one pose for each person.

All defaults are here. Those of the preset `people` gave the highest F1 score of poses
on 300 photographs of its training (`examples/calibrate_people.py`, docs/model-card.md).
"""

import numpy as np

from keras_hourglass.inference.oks import AREA_OF_BOX, sigmas_of, similarities
from keras_hourglass.visualization.skeletons import MIN_JOINT_SCORE

MIN_SCORE = 0.25  # of a box of a `PersonDetector`
MIN_SCORES = {"keras_hub": 0.5, "torchvision": 0.5, "ultralytics": 0.25}  # of others
MAX_PEOPLE = 20  # in an image: those with the highest scores of boxes
# Of a detected person's pose, the mean of its joints' scores: peaks, or calibrated.
MIN_POSE_SCORE, MIN_CALIBRATED_POSE_SCORE = 0.2, 0.3
# Of a certain joint: of calibrated scores, those of joints that are rather correct than
# wrong. `MIN_JOINT_SCORE` is for peaks.
MIN_CALIBRATED_JOINT_SCORE = 0.5
MAX_OKS = 0.8  # of two poses in an image: above it, they are of one person


def default_min_pose_score(network) -> float:
    """Returns the least `Pose.score` of detected people, for the network's scores."""
    calibrated = network.calibration is not None
    return MIN_CALIBRATED_POSE_SCORE if calibrated else MIN_POSE_SCORE


def default_min_joint_score(network) -> float:
    """Returns the least score of certain joints, for the network's scores."""
    calibrated = network.calibration is not None
    return MIN_CALIBRATED_JOINT_SCORE if calibrated else MIN_JOINT_SCORE


def suppress_poses(poses: list, min_pose_score: float, max_oks: float = MAX_OKS):
    """Leaves out poses of low scores, and all but one of those of the same person.

    Args:
        poses: The `Pose` of each detected person in an image.
        min_pose_score: The least `Pose.score`.
        max_oks: Object keypoint similarity of two poses above which the one with the
            lower product of scores, of the box and of the pose, is left out.

    Returns:
        A list of the others, in the same order.
    """
    poses = [pose for pose in poses if pose.score >= min_pose_score]
    if len(poses) < 2:
        return poses
    joints = np.stack([pose.joints for pose in poses])
    areas = AREA_OF_BOX * np.array([pose.box[2] * pose.box[3] for pose in poses])
    weights = np.stack([pose.scores for pose in poses]).clip(1e-6, None)
    same = max_oks < similarities(
        joints[:, None] - joints[None],
        weights[:, None] * weights[None],
        (areas[:, None] + areas[None]) / 2,
        sigmas_of(poses[0].skeleton),
    )
    totals = [pose.score * pose.certainty for pose in poses]
    kept = []
    for index in np.argsort(np.negative(totals), kind="stable"):
        if not same[index, kept].any():
            kept.append(index)
    return [poses[index] for index in sorted(kept)]
