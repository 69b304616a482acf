"""Suppression: limits of poses, and one pose for each person."""

from dataclasses import replace

import numpy as np
import pytest

from keras_hourglass import Pose
from keras_hourglass.inference.suppression import suppress_poses
from keras_hourglass.skeletons import COCO

JOINTS = np.stack([np.linspace(10, 90, 17), np.linspace(20, 180, 17)], axis=1)


def pose(x=0.0, score=0.8, box_score=0.9, joints=JOINTS):
    scores, box = np.full(17, score), np.array([x, 0, 100, 200])
    return Pose(joints + (x, 0), scores, box, COCO, box_score)


def test_two_poses_of_one_person_are_one_that_of_the_higher_scores():
    low, high = pose(1, box_score=0.6), pose(0, box_score=0.9)
    for poses in ([low, high], [high, low]):
        (kept,) = suppress_poses(poses, 0)
        assert kept is high
    sure = pose(2, score=0.9, box_score=0.6)
    assert suppress_poses([low, sure], 0) == [sure]
    assert suppress_poses([replace(low, box_score=None), high], 0)[0].box_score is None
    assert suppress_poses([replace(low, box_score=0.0), high], 0) == [high]


def test_people_beside_each_other_stay_in_their_order():
    poses = [pose(60 * n, score=0.9 - 0.1 * n) for n in (2, 0, 3, 1)]
    assert suppress_poses(poses, 0) == poses


def test_a_chain_of_poses_keeps_those_that_are_not_near_to_one_that_is_kept():
    chain = [pose(6 * n, box_score=0.9 - 0.1 * n) for n in range(3)]
    assert suppress_poses(chain, 0, max_oks=0.65) == [chain[0], chain[2]]


@pytest.mark.parametrize("shift, kept", [(3.0, 2), (2.9, 1)])
def test_the_similarity_is_that_of_coco(shift, kept):
    """One joint alone has scores: exp(-shift² / (2 (2 sigma)² 0.53 x box))."""
    scores = np.array([1.0] + [0.0] * 16)
    pair = [replace(pose(), scores=scores)]
    pair.append(replace(pair[0], joints=JOINTS + (shift, 0), box_score=0.5))
    area, sigma = 0.53 * 100 * 200, COCO.sigmas[0]
    limit = np.exp(-(2.95**2) / (2 * (2 * sigma) ** 2 * area))
    assert len(suppress_poses(pair, 0, max_oks=limit)) == kept


def test_poses_of_low_scores_are_left_out():
    poses = [pose(0, 0.05), pose(100, 0.2), pose(200, 0.1)]
    assert suppress_poses(poses, 0.1) == poses[1:]
    assert suppress_poses(poses, 0.5) == suppress_poses([], 0.5) == []
