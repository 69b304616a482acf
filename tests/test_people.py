import numpy as np

from keras_hourglass.data.people import from_rows
from keras_hourglass.skeletons import COCO, LSP, MPII


def person(skeleton, **places):
    """One person with some joints: name=(x, y, weight)."""
    names = [*places]
    joints = np.zeros((len(skeleton.joints), 2))
    weights = np.zeros(len(skeleton.joints))
    for i, name in zip(skeleton.indices(names), names):
        *joints[i], weights[i] = places[name]
    row = {"image": "1.jpg", "center": [0, 0], "side": 9}
    return from_rows(skeleton, [{**row, "joints": joints, "weights": weights}])


def at(people, name):
    (i,) = people.skeleton.indices([name])
    return [*people.joints[0, i].tolist(), people.weights[0, i].item()]


def test_pelvis_and_thorax_are_the_middles_of_hips_and_shoulders():
    coco = person(
        COCO,
        left_hip=(10, 20, 1),
        right_hip=(30, 50, 0.5),
        left_shoulder=(1, 2, 1),
        right_shoulder=(4, 8, 1),
        nose=(7, 7, 1),
    )
    mapped = coco.to_skeleton(MPII)
    assert mapped.skeleton is MPII
    assert at(mapped, "pelvis") == [20, 35, 0.5]
    assert at(mapped, "thorax") == [2.5, 5, 1]
    assert at(mapped, "left_hip") == [10, 20, 1]
    assert at(mapped, "upper_neck") == at(mapped, "head_top") == [0, 0, 0]
    assert (mapped.weights > 0).sum() == 6, "the nose has no place in MPII"


def test_a_middle_is_unknown_where_one_of_its_sides_is():
    mapped = person(LSP, left_hip=(10, 20, 1)).to_skeleton(MPII)
    assert at(mapped, "pelvis")[2] == 0


def test_a_middle_that_is_labelled_is_not_worked_out():
    mpii = person(
        MPII, pelvis=(5, 5, 1), left_hip=(10, 20, 1), right_hip=(30, 50, 1)
    ).to_skeleton(LSP)
    back = mpii.to_skeleton(MPII)
    assert at(back, "pelvis") == [20, 35, 1], "LSP has none, so here it is worked out"
    assert at(person(MPII, pelvis=(5, 5, 1)).to_skeleton(MPII), "pelvis") == [5, 5, 1]


def test_the_neck_of_lsp_is_the_upper_neck_of_mpii():
    assert at(person(LSP, upper_neck=(3, 4, 1)).to_skeleton(MPII), "upper_neck") == [
        *(3, 4, 1)
    ]


def test_lsp_and_back_from_mpii_is_the_same():
    random = np.random.default_rng(0)
    rows = [
        {
            "image": "1.jpg",
            "joints": random.uniform(0, 99, (14, 2)),
            "weights": random.uniform(0, 1, 14),
            "center": [0, 0],
            "side": 9,
        }
    ]
    people = from_rows(LSP, rows)
    back = people.to_skeleton(MPII).to_skeleton(LSP)
    np.testing.assert_array_equal(back.joints, people.joints)
    np.testing.assert_array_equal(back.weights, people.weights)


def test_a_middle_is_seen_where_both_its_sides_are():
    hips = {"left_hip": (1, 2, 1), "right_hip": (3, 4, 1)}
    coco = person(COCO, **hips, left_shoulder=(5, 6, 1), right_shoulder=(7, 8, 1))
    coco.visible[0, COCO.indices(["left_hip", "right_hip"])] = 1, 0
    mapped = coco.to_skeleton(MPII)
    pelvis, thorax, head = mapped.visible[
        0, MPII.indices(["pelvis", "thorax", "head_top"])
    ]
    assert pelvis == 0 and np.isnan(thorax) and np.isnan(head)
