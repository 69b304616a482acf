"""Categories of COCO's files: joints of their own, and several in one dataset."""

import pytest
from coco_files import PERSON, annotation, load, write

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets.coco import boxes as coco_boxes
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.skeletons import COCO

CAT = {"id": 2, "name": "Cat", "keypoints": ["nose", "earL", "Right Ear", "tail"]}
CAT_LABEL = {
    "id": 90,
    "category_id": 2,
    "keypoints": [1, 2, 2, 3, 4, 2, 9, 9, 2, 5, 6, 1],
}


def test_joints_are_matched_by_the_names_of_the_category(tmp_path):
    order = [*reversed(COCO.joints)]
    spelled = [name.replace("_", " ").title() for name in order]
    keypoints = [v for i in range(17) for v in (10 + i, 20 + i, 2)]
    category = {**PERSON, "keypoints": spelled}
    root = write(tmp_path, annotation(keypoints=keypoints), categories=[category])
    people = load(root)
    assert people.skeleton is COCO and not people.notes
    assert people.joints[0, 0].tolist() == [26, 36]
    assert people.joints[0, COCO.joints.index("right_ankle")].tolist() == [10, 20]


def test_joints_of_a_category_of_its_own_keep_their_names_and_limbs(tmp_path):
    cat = {**CAT, "skeleton": [[1, 2], [1, 3], [3, 4]]}
    people = load(write(tmp_path, annotation(**CAT_LABEL), categories=[cat]))
    skeleton = people.skeleton
    assert skeleton.joints == ("nose", "earL", "Right Ear", "tail")
    assert skeleton.limbs == (
        ("nose", "earL"),
        ("nose", "Right Ear"),
        ("Right Ear", "tail"),
    )
    assert skeleton.flip_indices == (0, 2, 1, 3)
    assert people.joints[0].tolist() == [[1, 2], [3, 4], [9, 9], [5, 6]]


@pytest.mark.parametrize(
    "limbs, kept",
    [
        ([[0, 1], [2, 3]], (("nose", "earL"), ("Right Ear", "tail"))),  # from 0
        ([], ()),
        (None, ()),
        ([[1, 2], [3, 5]], None),
        ([[0, 4]], None),
        ([[-1, 2]], None),
        ([1, 2], None),
        ([["nose", "tail"]], (("nose", "tail"),)),
        ([["Nose", "right_ear"], ["tail", "tail"]], (("nose", "Right Ear"),)),
        ([["nose", "paw"]], None),
    ],
)
def test_limbs_that_join_other_joints_are_left_out_with_a_note(tmp_path, limbs, kept):
    cat = {**CAT, "skeleton": limbs}
    people = load(write(tmp_path, annotation(**CAT_LABEL), categories=[cat]))
    assert people.skeleton.limbs == (kept or ())
    assert [("limbs of 'Cat' are left out" in n) for n in people.notes] == (
        [True] if kept is None else []
    )


def test_annotations_of_one_category_are_read(tmp_path):
    root = write(
        tmp_path,
        annotation(category_id=1),
        annotation(**CAT_LABEL),
        categories=[CAT, PERSON],
    )
    people = load(root)
    assert people.skeleton is COCO and len(people) == 1
    assert "1 of 2 people" in people.notes[0] and "category 'Cat'" in people.notes[0]
    for spelled in ("Cat", "cat"):
        cats = datasets.load_dataset("coco", root, missing="keep", category=spelled)
        assert cats.skeleton.joints[1] == "earL" and len(cats) == 1
        assert "category 'person', not 'Cat'" in cats.notes[0]


def test_a_category_has_to_be_named_where_several_have_joints(tmp_path):
    boxes = {"id": 3, "name": "person", "keypoints": []}
    dog = {**CAT, "id": 4, "name": "dog"}
    root = write(tmp_path, annotation(**CAT_LABEL), categories=[CAT, dog, boxes])
    with pytest.raises(DatasetError, match=r"`category` must say.*\['Cat', 'dog'\]"):
        load(root)
    with pytest.raises(DatasetError, match="Did you mean 'dog'.*category='dogs'"):
        datasets.load_dataset("coco", root, missing="keep", category="dogs")
    assert len(load(write(tmp_path, annotation(**CAT_LABEL), categories=[CAT, boxes])))


def test_two_categories_of_one_name_must_have_the_same_joints(tmp_path):
    other = {**CAT, "id": 91, "keypoints": CAT["keypoints"][::-1]}
    twin = {**CAT, "id": 91}
    assert len(load(write(tmp_path, annotation(**CAT_LABEL), categories=[CAT, twin])))
    with pytest.raises(DatasetError, match="'Cat': two categories of that name"):
        load(write(tmp_path, annotation(**CAT_LABEL), categories=[CAT, other]))


def test_a_file_that_lacks_the_category_is_not_said_to_have_no_joints(tmp_path):
    dog = {**CAT, "id": 4, "name": "dog"}
    write(tmp_path, annotation(**CAT_LABEL), name="train.json", categories=[CAT])
    label = annotation(**{**CAT_LABEL, "category_id": 4})
    write(tmp_path, label, name="val.json", categories=[dog])
    people = datasets.load_dataset("coco", tmp_path, missing="keep", category="Cat")
    assert len(people) == 1 and people.skeleton.joints[0] == CAT["keypoints"][0]
    assert not any("lists no joints" in note for note in people.notes)


def test_files_of_one_dataset_may_spell_a_category_in_other_cases(tmp_path):
    for name, spelled in [("train", "cat"), ("val", "CAT")]:
        name = f"person_keypoints_{name}.json"
        category = {**CAT, "name": spelled}
        write(tmp_path, annotation(**CAT_LABEL), name=name, categories=[category])
    people = load(tmp_path)
    assert people.splits.tolist() == ["train", "val"] and not people.notes


def test_files_of_one_dataset_may_order_their_joints_differently(tmp_path):
    turned = {**CAT, "keypoints": ["tail", "nose", "left_ear", "right_ear"]}
    for name, cat in [("train", CAT), ("val", turned)]:
        name = f"person_keypoints_{name}.json"
        write(tmp_path, annotation(**CAT_LABEL), name=name, categories=[cat])
    people = load(tmp_path)
    assert people.skeleton.joints == ("nose", "earL", "Right Ear", "tail")
    assert people.joints[0, 3].tolist() == people.joints[1, 2].tolist() == [5, 6]
    assert people.joints[1, 3].tolist() == people.joints[0, 0].tolist() == [1, 2]


def test_several_files_have_the_joints_of_all_and_a_note_of_those_lacking(tmp_path):
    train = {**CAT, "keypoints": ["nose", "earL", "chin"], "skeleton": [[1, 2]]}
    val = {
        **CAT,
        "keypoints": ["Ear Left", "Nose", "tail"],
        "skeleton": [[2, 1], [2, 3]],
    }
    no_cat = {**CAT, "name": "Dog"}
    for name, cat, keypoints in [
        ("train", train, [1, 2, 2, 3, 4, 2, 7, 8, 2]),
        ("val", val, [3, 4, 2, 1, 2, 2, 5, 6, 2]),
        ("test", no_cat, [0] * 12),
    ]:
        label = annotation(category_id=2, keypoints=keypoints)
        name = f"person_keypoints_{name}.json"
        write(tmp_path, label, name=name, categories=[cat])
    people = datasets.load_dataset("coco", tmp_path, missing="keep", category="Cat")
    assert people.skeleton.joints == ("nose", "earL", "chin", "tail")
    assert people.skeleton.limbs == (("nose", "earL"), ("nose", "tail"))
    rows = [people.joints[people.splits == split][0] for split in ("train", "val")]
    assert [row.tolist() for row in rows] == [
        [[1, 2], [3, 4], [7, 8], [0, 0]],
        [[1, 2], [3, 4], [0, 0], [5, 6]],
    ]
    train_note, val_note = [note for note in people.notes if "lacks" in note]
    assert train_note.endswith("train.json lacks joints of other files: tail")
    assert val_note.endswith("val.json lacks joints of other files: chin")


def test_ids_may_be_numbers_with_a_fraction_of_zero(tmp_path):
    label = {**CAT_LABEL, "category_id": 2.0, "image_id": 5.0}
    root = write(tmp_path, annotation(**label), categories=[PERSON, CAT])
    cats = datasets.load_dataset("coco", root, missing="keep", category="cat")
    assert len(cats) == 1 and len(coco_boxes.load_boxes(root, "cat").boxes[0]) == 1


@pytest.mark.parametrize("number", [7, "x"])
def test_an_annotation_of_no_listed_category_is_counted(tmp_path, number):
    labels = annotation(category_id=1), annotation(category_id=number)
    people = load(write(tmp_path, *labels, categories=[PERSON, CAT]))
    assert len(people) == 1 and "of no listed category" in people.notes[0]
    # With one category, or without an id, no other can be meant.
    assert len(load(write(tmp_path, *labels))) == 2


@pytest.mark.parametrize(
    "joints, said",
    [
        (["earL", "Left Ear", "nose", "tail"], "`joints` must be .*different"),
        ("nose,tail", "a list of names"),
        ([{"name": "nose"}], "a list of names"),
        (["nose", None], "a list of names"),
    ],
)
def test_joints_that_are_no_different_names_are_refused(tmp_path, joints, said):
    cat = {**CAT, "keypoints": joints}
    with pytest.raises(DatasetError, match=f"of the category 'Cat': .*{said}"):
        load(write(tmp_path, annotation(**CAT_LABEL), categories=[cat]))


def test_a_file_without_names_of_joints_has_those_of_coco_with_a_note(tmp_path):
    people = load(write(tmp_path, annotation(category_id=1), categories=[]))
    assert people.skeleton is COCO and "lists no joints" in people.notes[0]
    with pytest.raises(DatasetError, match="annotation 90"):
        load(write(tmp_path, annotation(**CAT_LABEL), categories=[]))


@pytest.mark.parametrize("wrong", [3, [3], [{}], [{"id": 1}], [{"id": 1, "name": 2}]])
def test_categories_of_another_form_are_refused_by_the_file(tmp_path, wrong):
    with pytest.raises(DatasetError, match="person_keypoints.json must list"):
        load(write(tmp_path, annotation(), categories=wrong))


def test_real_people_with_joints_in_the_order_of_the_alphabet(shared):
    people = datasets.load_dataset("coco", shared / "cases" / "order")
    assert people.skeleton is COCO and people.weights.sum() == 53
    (nose,) = [p.joints[0] for p in people if "497615" in p.name]
    assert nose.tolist() == [346, 202]


def test_real_people_of_thirteen_joints_have_limbs_of_their_own(shared):
    people = datasets.load_dataset("coco", shared / "cases" / "thirteen")
    assert len(people.skeleton.joints) == 13 and len(people) == 4
    assert any("limbs of 'person' are left out" in note for note in people.notes)
    assert ("right_shoulder", "right_elbow") in people.skeleton.limbs
    (person,) = [p for p in people if "497615" in p.name]
    assert person.joints[0].tolist() == [346, 202]
    assert person.joints[12].tolist() == [361, 335]


def test_real_people_are_read_and_the_dog_beside_them_is_counted(shared):
    root = shared / "cases" / "dog17"
    people = datasets.load_dataset("coco", root)
    assert len(people) == 4 and any("category 'dog'" in n for n in people.notes)
    (dog,) = datasets.load_dataset("coco", root, category="dog")
    assert "497615" not in dog.name
