from dataclasses import replace

import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.datasets import load_dataset
from keras_hourglass.data.people import concatenate, from_rows
from keras_hourglass.skeletons import COCO

ABSENT, LABELED = 3, 4  # joints of `people`'s second person
NETWORK = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}


@pytest.fixture(scope="module")
def people():
    """Six drawn people; a joint of the second is absent."""
    drawn = load_dataset("synthetic:6").split("train")
    weights = drawn.weights.copy()
    weights[1, ABSENT] = 0
    return replace(drawn, weights=weights)


def with_joint(people, joint, value):
    joints = people.joints.copy()
    joints[1, joint] = value
    return replace(people, joints=joints)


ABSURD = [np.nan, np.inf, -np.inf, 1e30, 2.0**21]


@pytest.mark.parametrize("absurd", ABSURD)
@pytest.mark.parametrize("augmentation", [None, "modern"])
def test_no_value_of_an_absent_joint_changes_a_batch(people, absurd, augmentation):
    absent = with_joint(people, ABSENT, (5, absurd))
    batches = [
        next(iter(given.batches(32, 6, augmentation=augmentation, backend="jax")))
        for given in (with_joint(people, ABSENT, 0), absent)
    ]
    for one, another in zip(*batches):
        np.testing.assert_array_equal(one, another)
    mapped = [part.to_skeleton(COCO).joints for part in (people, absent)]
    assert all(np.isfinite(joints).all() for joints in mapped)
    drawn = [part.plot(6) for part in (people, absent)]
    np.testing.assert_array_equal(*drawn)


def test_no_value_of_an_absent_joint_changes_an_evaluation(people):
    model = kh.StackedHourglass(**NETWORK)
    expected, got = (
        kh.evaluate(model, given).to_dict()
        for given in (people, with_joint(people, ABSENT, np.nan))
    )
    assert got == expected


@pytest.mark.parametrize("absurd", ABSURD)
def test_a_labeled_joint_nowhere_names_person_and_joint(people, absurd):
    joint = people.skeleton.joints[LABELED]
    with pytest.raises(ValueError) as error:
        with_joint(people, LABELED, (absurd, 7))
    assert "`joints` must be numbers of up to 1,048,576 pixels" in str(error.value)
    assert f"joint {joint!r} of person 'train 1'" in str(error.value)


@pytest.mark.parametrize("weight", [np.nan, np.inf, -0.5])
def test_an_invalid_weight_names_person_and_joint(people, weight):
    weights = people.weights.copy()
    weights[2, 0] = weight
    with pytest.raises(ValueError, match=r"`weights` must be .*ankle' of .*'train 2'"):
        replace(people, weights=weights)


@pytest.mark.parametrize(
    "column, wrong",
    [
        *(("centers", [5, value]) for value in (np.nan, np.inf, 1e30)),
        *(("sides", value) for value in (np.nan, np.inf, 0, -1)),
        *(("head_sizes", value) for value in (np.nan, np.inf, -1)),
        *(("box_sizes", [3, value]) for value in (np.nan, np.inf, -1)),
    ],
)
def test_an_invalid_window_or_size_names_the_person(people, column, wrong):
    numbers = getattr(people, column).copy()
    numbers[5] = wrong
    with pytest.raises(ValueError, match=f"`{column}` must be .*person 'train 5'"):
        replace(people, **{column: numbers})


def test_rows_of_other_tools_are_checked_as_well():
    row = {"image": "1.jpg", "name": "ann", "center": [9, 9], "side": 20}
    row |= {"joints": [[3, 4], [np.nan, 1e300]], "weights": [1, 0]}
    skeleton = kh.Skeleton(("nose", "tail"))
    people = from_rows(skeleton, [row])
    assert people.joints.tolist() == [[[3, 4], [0, 0]]]
    assert people.box_sizes.tolist() == [[16, 16]]
    with pytest.raises(ValueError, match="joint 'tail' of person 'ann'"):
        from_rows(skeleton, [{**row, "weights": [1, 1]}])


def test_valid_people_are_not_copied(people):
    assert replace(people).joints is people.joints
    assert concatenate([people, people]).joints.shape == (12, 16, 2)


@pytest.mark.parametrize("batch_size", ["a", 0, -1, 1.5, True, None])
def test_a_batch_size_is_a_positive_integer_everywhere(people, batch_size, tmp_path):
    model = kh.StackedHourglass(**NETWORK)
    uses = [
        lambda: people.batches(32, batch_size),
        lambda: kh.PoseEstimator(model, batch_size=batch_size),
        lambda: kh.evaluate(model, people, batch_size=batch_size),
    ]
    if batch_size is not None:  # that of the recipe
        options = {"batch_size": batch_size, "output": tmp_path / "run", **NETWORK}
        uses.append(lambda: kh.train(people, recipe="demo", **options))
    for use in uses:
        with pytest.raises(ValueError, match="`batch_size` must be a positive integer"):
            use()
    assert not (tmp_path / "run").exists()
