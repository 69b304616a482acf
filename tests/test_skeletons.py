import json

import pytest

from keras_hourglass import skeletons
from keras_hourglass.skeletons import (
    COCO,
    LSP,
    MEASURES,
    MPII,
    SKELETONS,
    Skeleton,
    get,
)


@pytest.mark.parametrize("name", SKELETONS)
def test_flipping_twice_changes_nothing(name):
    flip = skeletons.get(name).flip_indices
    assert [flip[i] for i in flip] == [*range(len(flip))]


def test_flip_indices_of_mpii_are_the_published_ones():
    assert MPII.flip_indices == (5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10)


def test_mpii_has_its_joints_in_its_order():
    listed = (
        "r_ankle r_knee r_hip l_hip l_knee l_ankle pelvis thorax upper_neck head_top "
        "r_wrist r_elbow r_shoulder l_shoulder l_elbow l_wrist"
    )
    assert Skeleton(tuple(listed.split())).joints == MPII.joints
    assert [len(skeletons.get(name).joints) for name in SKELETONS] == [16, 14, 17]


def test_the_lower_body_is_that_of_hrnet():
    upper, lower = MPII.upper_lower
    assert lower == (0, 1, 2, 3, 4, 5, 6) and upper == tuple(range(7, 16))
    assert COCO.upper_lower == (tuple(range(11)), tuple(range(11, 17)))


def test_the_torso_is_shoulders_and_hips_right_before_left():
    assert MPII.torso == ((12, 13), (2, 3))
    assert Skeleton(("left_hip", "neck", "right_hip")).torso == ((2, 0),)


def test_limb_segments_are_those_of_arms_and_legs_that_exist():
    assert len(MPII.limb_segments) == len(COCO.limb_segments) == 8
    assert (MPII.joints.index("left_elbow"), MPII.joints.index("left_wrist")) in (
        MPII.limb_segments
    )
    assert Skeleton(
        ("left_knee", "right_knee", "left_ankle", "right_ankle")
    ).limb_segments == (
        (1, 3),
        (0, 2),
    )


def test_published_means_leave_out_pelvis_and_thorax():
    assert {*range(16)} - {*MPII.scored} == {6, 7}


@pytest.mark.parametrize("name", SKELETONS)
def test_a_configuration_survives_json(name):
    restored = json.loads(json.dumps(skeletons.get(name).get_config()))
    assert skeletons.get(restored) == skeletons.get(name)


def test_a_joint_without_its_counterpart_is_refused():
    with pytest.raises(ValueError, match="right_knee.*missing.*left_knee"):
        Skeleton(("left_knee", "pelvis"))


def test_a_joint_named_twice_is_refused():
    with pytest.raises(ValueError, match="different names"):
        Skeleton(("pelvis", "pelvis"))


def test_a_limb_to_an_unknown_joint_is_refused():
    with pytest.raises(ValueError, match="tail"):
        Skeleton(("pelvis",), limbs=(("pelvis", "tail"),))


def test_an_unknown_name_suggests_a_skeleton():
    with pytest.raises(ValueError, match="Did you mean 'mpii'.*skeleton='mpi'"):
        skeletons.get("mpi")
    with pytest.raises(ValueError, match="Choose from.*skeleton=\\['nose'\\]"):
        skeletons.get(["nose"])


@pytest.mark.parametrize("name", ["mpii", "lsp", "coco"])
def test_arms_and_legs_are_twelve_joints_in_every_skeleton(name):
    body = skeletons.get(name)
    limbs = {body.joints[i] for i in body.arms_and_legs}
    kinds = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    assert limbs == {side + kind for side in ("left_", "right_") for kind in kinds}


def test_a_midpoint_is_of_the_joint_itself_or_of_the_two_around_it():
    assert MPII.midpoint_of("pelvis") == MPII.indices(["pelvis"])
    assert LSP.midpoint_of("pelvis") == LSP.indices(["right_hip", "left_hip"])
    assert LSP.midpoint_of("thorax") == LSP.indices(["right_shoulder", "left_shoulder"])
    assert (
        LSP.midpoint_of("nose") == () == Skeleton(("head_top",)).midpoint_of("pelvis")
    )


def test_a_skeleton_with_a_head_is_measured_in_heads_and_others_in_boxes():
    for known in SKELETONS.values():
        assert known.measure is MEASURES["head"]
        # As of version 0.2, whose files have no `reference`.
        config = {k: v for k, v in known.get_config().items() if k != "reference"}
        assert get(config) == known and get(config).measure is MEASURES["head"]
    shuffled = Skeleton(tuple(reversed(get("coco").joints)))
    assert shuffled.measure is MEASURES["head"]
    assert Skeleton(get("coco").joints + ("tail",)).measure is MEASURES["box"]
    assert Skeleton(("head_top", "upper_neck", "hand")).measure is MEASURES["head"]
    tail = Skeleton(("snout", "tail"))
    assert tail.measure is MEASURES["box"] and tail.measure.title == "PCK@0.1"
    assert Skeleton(("snout",), reference="head").measure.title == "PCKh@0.5"
    with pytest.raises(ValueError, match="`reference` must be None or one of"):
        Skeleton(("snout",), reference="tail")
