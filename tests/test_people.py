import numpy as np
import pytest

from keras_hourglass.data.datasets import DatasetError, load_dataset
from keras_hourglass.data.people import People, from_rows
from keras_hourglass.data.people.person import Person
from keras_hourglass.skeletons import COCO, LSP, MPII, Skeleton


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


def test_a_labeled_middle_is_not_computed():
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


def test_a_middle_is_visible_where_both_its_sides_are():
    hips = {"left_hip": (1, 2, 1), "right_hip": (3, 4, 1)}
    coco = person(COCO, **hips, left_shoulder=(5, 6, 1), right_shoulder=(7, 8, 1))
    coco.visible[0, COCO.indices(["left_hip", "right_hip"])] = 1, 0
    mapped = coco.to_skeleton(MPII)
    pelvis, thorax, head = mapped.visible[
        0, MPII.indices(["pelvis", "thorax", "head_top"])
    ]
    assert pelvis == 0 and np.isnan(thorax) and np.isnan(head)


@pytest.fixture
def people():
    """Ten people of five photographs, each on a crop of its own, without marks."""
    random = np.random.default_rng(0)
    rows = [
        {
            "image": f"crops/{number}.jpg",
            "name": f"person {number}",
            "photograph": f"{number // 2}.jpg",
            "joints": random.uniform(0, 99, (14, 2)),
            "weights": np.ones(14),
            "center": [50, 50],
            "side": 90 + number,
        }
        for number in range(10)
    ]
    return from_rows(LSP, rows)


@pytest.mark.parametrize("index", [3, -7, np.int64(3)])
def test_an_integer_gives_one_person(people, index):
    person = people[index]
    assert isinstance(person, Person) and person.name == "person 3"
    assert person.image == "crops/3.jpg" and person.side == 93
    assert person.head_size == pytest.approx(9.3) and person.split == "train"
    assert person.skeleton is LSP and person.reader is None
    np.testing.assert_array_equal(person.joints, people.joints[3])
    np.testing.assert_array_equal(person.center, [50, 50])
    assert "person 3" in repr(person) and "limbs" not in repr(person)


@pytest.mark.parametrize(
    "rows, expected",
    [
        (slice(2, 9), range(2, 9)),
        ([3, 1], [3, 1]),
        (np.array([4]), [4]),
        ([], []),
        (np.arange(10) % 5 == 1, [1, 6]),
        ([True, *[False] * 9], [0]),
    ],
    ids=["slice", "rows", "array", "none", "mask", "list of bool"],
)
def test_a_slice_rows_and_a_mask_give_people(people, rows, expected):
    some = people[rows]
    assert isinstance(some, People) and len(some) == len(expected)
    assert some.names.tolist() == [f"person {number}" for number in expected]
    assert some.joints.shape == (len(expected), 14, 2)


@pytest.mark.parametrize("rows", ["name", 1.5, [0.5], [[1]], None])
def test_other_indices_are_refused(people, rows):
    with pytest.raises(TypeError, match="indexed by an integer, a slice"):
        people[rows]
    with pytest.raises(IndexError):
        people[10]


def test_people_are_iterated_one_by_one(people):
    assert [person.name for person in people] == people.names.tolist()


def test_people_say_how_many_they_are_and_where_they_are_from(people, drawn):
    assert repr(people) == (
        "<People: 10 (10 train), 14 joints of lsp, images in crops>"
    )
    assert "12 train, 5 val" in repr(drawn) and "read_synthetic" in repr(drawn)
    assert people == people and people != people[:10]


def test_people_of_a_split_are_those_marked(drawn):
    train, val = drawn.split("train"), drawn.split("val")
    assert len(train) == 12 and len(val) == 5
    assert {*train.splits} == {"train"} and {*val.splits} == {"val"}


def test_a_split_without_people_is_an_error_that_says_how_to_split(people, drawn):
    with pytest.raises(ValueError, match=r"no person.*'val'.*split\(val_share=0.1\)"):
        people.split("val")
    with pytest.raises(ValueError, match="no person is marked 'train'"):
        drawn.split("val").split("train")
    with pytest.raises(ValueError, match="Did you mean 'train'"):
        people.split("trian")


@pytest.mark.parametrize("seed", range(5))
def test_a_share_is_split_by_photograph(people, seed):
    train, val = people.split(val_share=0.4, seed=seed)
    assert len(train) == 6 and len(val) == 4 and {*val.splits} == {"val"}
    assert not {*train.photographs} & {*val.photographs}
    again = people.split(val_share=0.4, seed=seed)[1]
    assert again.names.tolist() == val.names.tolist()


def test_another_seed_holds_out_others_and_a_small_share_at_least_one(people):
    held = {tuple(people.split(val_share=0.01, seed=s)[1].names) for s in range(20)}
    assert len(held) > 2 and {len(names) for names in held} == {2}
    assert len(people.split(val_share=0.99)[0]) == 2


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_a_share_that_leaves_no_split_is_refused(people, share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        people.split(val_share=share)


def test_marked_people_and_a_single_photograph_are_not_split_by_share(people, drawn):
    with pytest.raises(ValueError, match="5 are marked 'val'"):
        drawn.split(val_share=0.1)
    with pytest.raises(ValueError, match="two or more photographs"):
        people[:2].split(val_share=0.5)
    for arguments in ({}, {"name": "val", "val_share": 0.5}):
        with pytest.raises(ValueError, match="either a name"):
            people.split(**arguments)


def test_a_dataset_is_loaded_by_split_and_with_its_folder_in_its_name():
    val = load_dataset("synthetic:3", split="val")
    assert {*val.splits} == {"val"}
    assert len(load_dataset("synthetic", 3, split="train")) == 3
    for name, root in [("synthetic:3", 3), ("synthetic*0.5", 3)]:
        with pytest.raises(DatasetError, match="`root` be given once"):
            load_dataset(name, root)
    with pytest.raises(DatasetError, match="Did you mean 'synthetic'"):
        load_dataset("sinthetic:3")


def test_people_are_plotted_in_a_grid(drawn):
    grid = drawn.plot(count=4, columns=3)
    assert grid.shape == (2 * 256, 3 * 256, 3) and grid.dtype == np.uint8
    augmented = drawn.plot(count=4, columns=3, augmentation="modern")
    assert augmented.shape == grid.shape and (augmented != grid).any()
    with pytest.raises(ValueError, match="one or more people"):
        drawn[:0].plot()


def test_a_seed_below_0_and_a_name_that_is_no_text_are_refused():
    people = load_dataset("synthetic:2").split("train")
    with pytest.raises(ValueError, match="`seed` must be 0 or above"):
        people.batches(32, seed=-1)
    with pytest.raises(ValueError, match="`name` must be the name of a dataset"):
        load_dataset(3)


def test_the_reference_length_is_that_of_the_skeleton_to_which_people_are_mapped():
    row = {"image": "1.jpg", "center": [0, 0], "side": 50, "head_size": 7}
    row |= {"joints": [[3, 4], [9, 30]], "weights": [1, 1]}
    tail = Skeleton(("nose", "tail"))
    people = from_rows(tail, [row])
    assert people.reference_lengths.tolist() == [26]
    assert people.to_skeleton(COCO).reference_lengths.tolist() == [7]
    assert people.to_skeleton(COCO).to_skeleton(tail).reference_lengths.tolist() == [26]


def test_the_box_of_one_joint_is_the_window_without_its_padding():
    row = {"image": "1.jpg", "center": [0, 0], "side": 50, "joints": [[3, 4]]}
    people = from_rows(Skeleton(("tail",)), [{**row, "weights": [w]} for w in (0, 1)])
    assert people.box_sizes.tolist() == [[40, 40], [40, 40]]
    line = {**row, "joints": [[3, 4], [3, 34]], "weights": [1, 1]}
    people = from_rows(Skeleton(("snout", "tail")), [line])
    assert people.box_sizes.tolist() == [[0, 30]]
