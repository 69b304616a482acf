"""Kinds of errors, by hand: a box of 100 pixels, so 10 are the threshold."""

import json

import numpy as np
import pytest

from keras_hourglass.data.people import from_rows
from keras_hourglass.evaluation.error_kinds import KINDS, NO_KIND, classify
from keras_hourglass.evaluation.results import Evaluation, Predictions
from keras_hourglass.skeletons import MPII, Skeleton

HANDS = Skeleton(("left_hand", "right_hand", "nose", "tail"), unscored=("tail",))
LEFT, RIGHT, NOSE, TAIL = range(4)
TRUTH = np.array([[100, 100], [200, 100], [150, 50], [150, 200]], "float32")
NAN, INSIDE = float("nan"), "inside the threshold"


def people_of(*truths, skeleton=HANDS, images=None, **more):
    rows = [
        {
            **{"image": "one.jpg" if images is None else images[number]},
            **{"center": (150, 120), "side": 300, "box_size": (60, 100)},
            **{"head_size": 20, "joints": truth, "name": f"person {number}"},
            **{"weights": np.ones(len(truth)), **more},
        }
        for number, truth in enumerate(truths)
    ]
    return from_rows(skeleton, rows)


def predict(people, joints):
    joints = np.asarray(joints, float)
    lengths = people.reference_lengths[:, None]
    distances = np.linalg.norm(joints - people.joints, axis=-1)
    counted = (people.weights > 0) & (lengths > 0)
    errors = np.where(counted, distances, np.nan) / np.maximum(lengths, 1)
    return Predictions(joints, errors, np.full(errors.shape, 0.5), (0.1, 0.2))


def kinds_of(people, joints):
    names = [*KINDS, INSIDE]  # NO_KIND is the last
    return [
        [names[k] for k in row] for row in classify(predict(people, joints), people)
    ]


def kind_of_left_hand(place, *others, **more):
    people = people_of(TRUTH, *others, **more)
    joints = people.joints.copy()
    joints[0, LEFT] = place
    first, *rest = kinds_of(people, joints)
    assert {*first[1:], *(kind for row in rest for kind in row)} == {INSIDE}
    return first[LEFT]


@pytest.mark.parametrize(
    "place, kind",
    [
        ((110, 100), INSIDE),  # exactly the threshold
        ((110.5, 100), "jitter"),
        ((100, 120), "jitter"),  # exactly two thresholds
        ((100, 120.5), "miss"),
        ((200, 110), "inversion"),  # exactly the threshold from the right hand
        ((200, 110.5), "miss"),
        ((150, 50), "miss"),  # the nose is no counterpart
    ],
)
def test_kinds_of_one_person_and_their_bounds(place, kind):
    assert kind_of_left_hand(place) == kind


@pytest.mark.parametrize(
    "place, kind",
    [
        ((400, 90), "swap"),  # exactly the threshold from the other's left hand
        ((400, 89.5), "miss"),
        ((500, 100), "swap"),  # the other's right hand
        ((450, 50), "miss"),  # the other's nose is another joint
    ],
)
def test_another_persons_joint_or_its_counterpart_is_a_swap(place, kind):
    other = TRUTH + (300, 0)
    assert kind_of_left_hand(place, other) == kind
    assert kind_of_left_hand(place, TRUTH + (900, 0), other) == kind
    assert kind_of_left_hand(place, other, images=["one.jpg", "two.jpg"]) == "miss"


def test_the_first_kind_that_fits_counts():
    close = TRUTH.copy()
    close[RIGHT] = 115, 100  # within 10 of the prediction, as is the other's hand
    for right, place, kind in [
        (close[RIGHT], (112, 100), "jitter"),
        (TRUTH[RIGHT], (201, 100), "inversion"),
    ]:
        truth = TRUTH.copy()
        truth[RIGHT] = right
        people = people_of(truth, TRUTH + np.subtract(place, TRUTH[LEFT]))
        joints = people.joints.copy()
        joints[0, LEFT] = place
        assert kinds_of(people, joints)[0][LEFT] == kind


def test_labels_that_are_absent_or_nan_are_neither_errors_nor_explain_them():
    truth, weights = TRUTH.copy(), np.array([1, 0, 1, 1])
    truth[RIGHT] = NAN
    assert kind_of_left_hand((200, 100), weights=weights) == "miss"
    people = people_of(truth, truth + (300, 0), weights=weights)
    joints = np.stack([TRUTH, TRUTH + (300, 0)])
    joints[0, LEFT] = 500, 100  # the other's right hand, which has no label
    joints[0, RIGHT] = joints[1, LEFT]
    (first, second) = kinds_of(people, joints)
    assert first == ["miss", INSIDE, INSIDE, INSIDE] and {*second} == {INSIDE}


def test_lengths_are_those_of_the_person_not_of_the_other():
    people = people_of(TRUTH, TRUTH + (300, 0))
    people.box_sizes[1] = 1000
    joints = people.joints.copy()
    joints[0, LEFT] = 400, 115
    assert kinds_of(people, joints)[0][LEFT] == "miss"
    joints[0, LEFT], joints[1, LEFT] = TRUTH[LEFT], TRUTH[LEFT] + (0, 90)
    assert kinds_of(people, joints)[1][LEFT] == "swap"


@pytest.fixture
def result():
    """Of 6 scored joints 4 are wrong, one of each kind; and an unscored one."""
    people = people_of(TRUTH, TRUTH + (300, 0))
    joints = people.joints.copy()
    joints[0, LEFT] += (0, 15)
    joints[0, RIGHT] = TRUTH[LEFT]
    joints[1, NOSE] = TRUTH[NOSE]
    joints[1, LEFT] = 0, 0
    joints[1, TAIL] = 0, 0
    return Evaluation("model", HANDS, predict(people, joints), people)


def test_totals_and_the_score_add_up_to_100(result):
    found = result.error_kinds
    total = found["total"]
    assert [part["joints"] for part in total.values()] == [1, 1, 1, 1]
    percents = [part["percent"] for part in total.values()]
    assert percents == pytest.approx([100 / 6] * 4)
    assert result.pckh + sum(percents) == pytest.approx(100)
    for part in total.values():
        low, high = part["interval"]
        assert 0 <= low <= part["percent"] <= high
        assert part["gain"]["mean_by_count"] == pytest.approx(part["percent"])
        # Two labels to a joint, three joints that are averaged.
        assert part["gain"]["mean_of_joints"] == pytest.approx(50 / 3)
    assert total["miss"]["gain"]["all_joints"] == pytest.approx(2 * 100 / 8)
    assert found["unknown"] == [] and found["threshold"] == 0.1


def test_each_joint_has_its_counts_and_each_kind_its_worst(result):
    none = dict.fromkeys(KINDS, 0)
    assert result.error_kinds["per_joint"] == {
        "left_hand": {"labeled": 2, **none, "jitter": 1, "miss": 1},
        "right_hand": {"labeled": 2, **none, "inversion": 1},
        "nose": {"labeled": 2, **none, "swap": 1},
        "tail": {"labeled": 2, **none, "miss": 1},
    }
    total = result.error_kinds["total"]
    assert total["inversion"]["worst"] == {
        "person": "person 0",
        "joint": "right_hand",
        "error": pytest.approx(1.0),
    }
    assert total["miss"]["worst"]["joint"] == "left_hand", "the tail is not scored"
    assert json.loads(json.dumps(result.to_dict()))["error_kinds"]["total"].keys() == {
        *KINDS
    }
    line = "Errors above 0.1, % of scored joints: jitter (near) 16.67, inversion "
    assert line + "(left/right exchanged) 16.67, swap (another" in str(result)


def test_kinds_that_the_data_cannot_show_are_listed():
    plain = Skeleton(("snout", "tail"))
    people = people_of(TRUTH[:2], TRUTH[:2], skeleton=plain, images=["a", "b"])
    joints = people.joints.copy()
    joints[0] = joints[0, ::-1]
    result = Evaluation("model", plain, predict(people, joints), people)
    assert result.error_kinds["unknown"] == ["inversion", "swap"]
    assert result.error_kinds["total"]["miss"]["percent"] == 50
    assert result.error_kinds["total"]["swap"]["worst"] is None
    dash = "\N{EN DASH}"
    assert f"exchanged) {dash}, swap (another person's) {dash}, miss" in str(result)
    assert (
        Evaluation("file", MPII, Predictions(joints, np.zeros((2, 16)))).error_kinds
        is None
    )


def test_every_wrong_joint_has_one_kind_whatever_the_predictions_are():
    random = np.random.default_rng(0)
    truths = random.uniform(0, 300, (40, 16, 2)).astype("float32")
    images = [str(number // 3) for number in range(40)]
    people = people_of(*truths, skeleton=MPII, images=images)
    people.weights[random.random((40, 16)) < 0.2] = 0
    people.joints[people.weights == 0] = NAN
    people.head_sizes[3] = 0  # not scored
    joints = truths + random.normal(0, 12, truths.shape)
    joints[:, ::5] = joints[::-1, ::5]
    predictions = predict(people, joints)
    result = Evaluation("model", MPII, predictions, people)
    kinds = classify(predictions, people)
    wrong = predictions.errors > 0.5
    assert ((kinds != NO_KIND) == wrong).all()
    assert {*kinds[wrong].tolist()} == {0, 1, 2, 3}
    parts = result.error_kinds["total"].values()
    assert result.pckh + sum(part["percent"] for part in parts) == pytest.approx(100)
    scored = [*MPII.scored]
    assert sum(part["joints"] for part in parts) == wrong[:, scored].sum()
