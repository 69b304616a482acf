import json
from pathlib import Path

import pytest

from keras_hourglass.data.datasets import load_dataset, with_options
from keras_hourglass.data.people.mixture import (
    DatasetSpec,
    load_mixture,
    load_validation,
)
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.skeletons import MPII, Skeleton

ARM = Skeleton(("right_wrist", "right_elbow", "left_wrist", "left_elbow"))


@pytest.fixture
def folder(tmp_path):
    """Writes a prepared folder: (its name, splits, images) -> path."""

    def write(name, splits, images=None, joints=("left_wrist", "right_wrist")):
        root = tmp_path / name
        (root / "images").mkdir(parents=True)
        images = images or [f"{i:03}.jpg" for i in range(len(splits))]
        for image in images:
            (root / "images" / image).touch()
        people = [
            {"image": image, "joints": [[i, 2], [3, 40]], "split": split}
            for i, (image, split) in enumerate(zip(images, splits))
        ]
        listed = {"joint_names": joints, "people": people}
        (root / "annotations.json").write_text(json.dumps(listed))
        return str(root)

    return write


@pytest.mark.parametrize(
    "text, expected",
    [
        ("synthetic", DatasetSpec("synthetic", None, 1.0)),
        ("mpii:/data/mpii", DatasetSpec("mpii", "/data/mpii", 1.0)),
        ("crops:a/b*0.5", DatasetSpec("crops", "a/b", 0.5)),
        ("synthetic*2", DatasetSpec("synthetic", None, 2.0)),
        ("crops:C:/people", DatasetSpec("crops", "C:/people", 1.0)),
    ],
)
def test_a_source_is_read_as_name_folder_and_share(text, expected):
    assert DatasetSpec.parse(text) == expected


@pytest.mark.parametrize("share", ["", "-1", "half", "nan", "inf", "1*2"])
def test_a_share_that_is_not_a_number_from_0_is_refused_as_typed(share):
    with pytest.raises(DatasetError) as error:
        DatasetSpec.parse(f"crops:a*{share}")
    assert repr(f"crops:a*{share}") in str(error.value)


def test_training_and_validation_people_are_those_that_the_dataset_says(folder):
    root = folder("one", ["train", "val", "train", "val", "val"])
    mixture = load_mixture([DatasetSpec("crops", root)], ARM)
    assert mixture.counts == (2,) and len(mixture.train) == 2
    assert list(mixture.validation) == ["crops"]
    assert mixture.validation["crops"].joints[:, 2, 0].tolist() == [1, 3, 4]
    assert not mixture.notes


def test_a_share_of_0_validates_and_does_not_train(folder):
    root, other = folder("one", ["train", "val"]), folder("two", ["train", "val"] * 2)
    specs = [DatasetSpec("crops", root), DatasetSpec.parse(f"crops:{other}*0")]
    mixture = load_mixture(specs, ARM)
    assert mixture.counts == (1,) and mixture.shares == (1.0,)
    assert [*map(len, mixture.validation.values())] == [1, 2]
    with pytest.raises(DatasetError, match="no people to validate on"):
        load_mixture(
            [specs[0], DatasetSpec("crops", folder("three", ["train"]), 0)], ARM
        )
    with pytest.raises(DatasetError, match="must name one to train on"):
        load_mixture(specs[1:], ARM)


def test_an_unmarked_dataset_of_share_0_validates_whole(folder):
    train = DatasetSpec("crops", folder("one", ["train"] * 40))
    validate = DatasetSpec("crops", folder("two", ["train"] * 30), 0)
    mixture = load_mixture([train, validate], ARM)
    assert mixture.counts == (40,) and not mixture.notes
    assert [*map(len, mixture.validation.values())] == [30]


def test_joints_are_found_by_name_and_those_that_lack_weigh_nothing(folder):
    root = folder("one", ["train", "val"])
    people = load_mixture([DatasetSpec("crops", root)], ARM).validation["crops"]
    assert people.skeleton is ARM
    assert people.weights.tolist() == [[1, 0, 1, 0]]
    assert people.joints[0, [0, 2]].tolist() == [[3, 40], [1, 2]]


def test_without_validation_people_every_twentieth_photograph_is_held_out(folder):
    images = [f"{number // 2:03}.jpg" for number in range(120)]
    root = folder("one", ["train"] * 120, images)
    mixture = load_mixture([DatasetSpec("crops", root)], ARM)
    held = mixture.validation["crops"]
    assert len(held) == 6 and mixture.counts == (114,)
    # Both people of a image are on the same side.
    assert not {*held.images} & {*mixture.train.images}
    assert "every 20th photograph is held out" in mixture.notes[-1]


def test_nothing_is_held_out_where_one_dataset_marks_validation_people(folder):
    marked = folder("marked", ["train", "val"])
    unmarked = folder("unmarked", ["train"] * 40)
    sources = [DatasetSpec("crops", unmarked, 0.5), DatasetSpec("crops", marked)]
    mixture = load_mixture(sources, ARM)
    assert mixture.counts == (40, 1) and mixture.shares == (0.5, 1.0)
    assert [len(people) for people in mixture.validation.values()] == [1]
    assert not mixture.notes


def test_validation_people_of_two_folders_keep_apart(folder):
    roots = [folder(name, ["train", "val"]) for name in ("one", "two")]
    mixture = load_mixture([DatasetSpec("crops", root) for root in roots], ARM)
    assert list(mixture.validation) == ["crops", roots[1]]
    images = [people.images[0] for people in mixture.validation.values()]
    assert all(image.startswith(root) for image, root in zip(images, roots))


def test_drawn_people_and_a_folder_train_together(folder):
    root = folder("one", ["train", "val", "train"])
    mixture = load_mixture(
        [DatasetSpec("synthetic", "7", 0.5), DatasetSpec("crops", root, 2)], MPII
    )
    assert mixture.counts == (7, 2) and mixture.shares == (0.5, 2)
    assert list(mixture.validation) == ["synthetic", "crops"]
    drawn, prepared = mixture.train[:7], mixture.train[7:9]
    assert drawn.weights.all()
    wrists = MPII.indices(["left_wrist", "right_wrist"])
    assert prepared.weights.sum() == prepared.weights[:, wrists].sum() == 4
    assert all(reader is not None for reader in drawn.readers)
    assert all(reader is None for reader in prepared.readers)


def test_a_dataset_without_any_joint_of_the_skeleton_is_refused(folder):
    root = folder("one", ["train", "val"], joints=("nose", "neck"))
    with pytest.raises(DatasetError, match="crops has none of the joints.*right_wrist"):
        load_mixture([DatasetSpec("crops", root)], ARM)


def test_a_dataset_of_validation_people_alone_is_refused(folder):
    root = folder("one", ["val", "val"])
    with pytest.raises(DatasetError, match="crops has no people to train on"):
        load_mixture([DatasetSpec("crops", root)], ARM)


def test_photographs_of_validation_people_are_not_trained_on(folder):
    images = ["a.jpg", "a.jpg", "b.jpg", "c.jpg"]
    first = folder("first", ["train", "val", "train", "train"], images)
    mixture = load_mixture([DatasetSpec("crops", first)], ARM)
    assert [Path(name).name for name in mixture.train.images] == ["b.jpg", "c.jpg"]
    assert mixture.counts == (2,) and len(mixture.validation["crops"]) == 1
    (note,) = mixture.notes
    assert note.startswith("1 of 4 people of crops are in photographs that are valid")


def test_one_photograph_of_both_splits_leaves_nothing_to_train_on(folder):
    root = folder("one", ["train", "val"], ["a.jpg", "a.jpg"])
    with pytest.raises(DatasetError, match="no people to train on; 1 of 2 people"):
        load_mixture([DatasetSpec("crops", root)], ARM)


def test_photographs_that_another_file_validates_on_are_not_trained_on(folder):
    root = Path(folder("both", []))
    for name, splits in (("one", ["train", "val"]), ("two", ["train", "train"])):
        rows = [f"{image}.jpg,1,2,30,40,{split}" for image, split in zip("ab", splits)]
        joints = "left_wrist_x,left_wrist_y,left_elbow_x,left_elbow_y"
        lines = [f"image,{joints},split", *rows]
        (root / f"{name}.csv").write_text("\n".join(lines))
    for image in "ab":
        (root / f"{image}.jpg").touch()
    files = [DatasetSpec("own", str(root / f"{name}.csv")) for name in ("one", "two")]
    mixture = load_mixture(files, ARM)
    assert [Path(name).name for name in mixture.train.images] == ["a.jpg", "a.jpg"]
    assert "1 of 2 people of own are in photographs" in mixture.notes[-1]


def test_what_a_dataset_notes_is_passed_on(folder):
    root = folder("one", ["train", "val", "train"])
    Path(root, "images", "000.jpg").unlink()
    mixture = load_mixture([DatasetSpec("crops", root)], ARM, "skip")
    assert ["2 of 3 people remain" in note for note in mixture.notes] == [True]
    assert mixture.counts == (1,)


def test_a_dataset_of_validation_people_alone_may_be_evaluated(folder):
    people = load_validation(DatasetSpec("crops", folder("one", ["val", "val"])), ARM)
    assert len(people) == 2 and people.skeleton == ARM
    mixed = DatasetSpec("crops", folder("two", ["train", "val", "train"]))
    assert len(load_validation(mixed, ARM)) == len(
        load_mixture([mixed], ARM).validation["crops"]
    )


def test_without_validation_people_those_held_out_are_evaluated(folder):
    source = DatasetSpec("crops", folder("one", ["train"] * 40))
    people = load_validation(source, ARM)
    assert list(people.images) == list(
        load_mixture([source], ARM).validation["crops"].images
    )
    assert people.notes == load_mixture([source], ARM).notes


def test_people_without_a_joint_to_train_are_left_out_and_counted(folder):
    root = folder("one", ["train", "val", "train"])
    path = Path(root, "annotations.json")
    listed = json.loads(path.read_text())
    listed["joint_names"].append("nose")
    for number, person in enumerate(listed["people"]):
        person["joints"].append([5, 5])
        person["scores"] = [0, 0, 1] if number == 2 else [1, 1, 1]
        person["center"], person["side"] = [5, 5], 50
    path.write_text(json.dumps(listed))
    mixture = load_mixture([DatasetSpec("crops", root)], ARM)
    assert mixture.counts == (1,)
    (note,) = (note for note in mixture.notes if "none of the joints" in note)
    assert note.startswith("1 of 3 people of crops have")


@pytest.mark.parametrize(
    "name, place", [("coco", "coco_cc_by"), ("lspet", "lspet_mini")]
)
def test_every_kind_of_dataset_takes_its_share(shared, name, place):
    root = str(shared / "fixtures" / place)
    mixture = load_mixture(
        [DatasetSpec(name, root, 0.5), DatasetSpec("synthetic", "7")], MPII
    )
    assert mixture.counts[0] > 10 and mixture.shares == (0.5, 1)
    assert mixture.train.skeleton is MPII and mixture.train.weights.any(1).all()


def test_training_people_are_evaluated_on_request(folder):
    source = DatasetSpec("crops", folder("one", ["val", "train", "train"]))
    assert len(load_validation(source, ARM)) == 1
    assert load_validation(source, ARM, include_train=True).splits.tolist() == [
        *("val", "train", "train")
    ]


@pytest.mark.parametrize("key", ["original", "source_image"])
def test_crops_of_one_photograph_are_held_out_together(folder, key):
    root = Path(folder("one", ["train"] * 120))
    contents = json.loads((root / "annotations.json").read_text())
    for number, person in enumerate(contents["people"]):
        person[key] = f"{number // 3}.jpg"
    (root / "annotations.json").write_text(json.dumps(contents))
    mixture = load_mixture([DatasetSpec("crops", str(root))], ARM)
    held = mixture.validation["crops"]
    assert len(held) == 6 and len({*held.photographs}) == 2
    assert not {*held.photographs} & {*mixture.train.photographs}


def test_people_of_test_sets_neither_train_nor_validate(folder):
    source = DatasetSpec("crops", folder("one", ["train", "Valid", "test", "test"]))
    mixture = load_mixture([source], ARM)
    assert mixture.counts == (1,) and len(mixture.validation["crops"]) == 1
    (note,) = mixture.notes
    assert note.startswith("2 of 4 people of crops are of a test set")
    unmarked = DatasetSpec("crops", folder("two", ["train", "test"] * 20))
    mixture = load_mixture([unmarked], ARM)
    assert mixture.counts == (19,) and len(mixture.validation["crops"]) == 1
    assert len(load_validation(unmarked, ARM)) == 1


def test_a_dataset_of_test_people_alone_is_scored_but_not_trained_on(folder):
    source = DatasetSpec("crops", folder("one", ["test", "test"]))
    assert len(load_validation(source, ARM)) == 2
    with pytest.raises(DatasetError, match="no people to train on; 2 of 2 .* test set"):
        load_mixture([source], ARM)


def test_a_share_may_be_held_out_of_files_and_of_people_given(folder):
    root = folder("one", ["train"] * 40)
    spec = DatasetSpec("crops", root, val_share=0.2)
    mixture = load_mixture([spec], ARM)
    assert mixture.counts == (32,) and len(mixture.validation["crops"]) == 8
    assert load_validation(spec, ARM).images.tolist() == (
        mixture.validation["crops"].images.tolist()
    )
    people = load_dataset("crops", root)
    spec = DatasetSpec("people", "hash", val_share=0.2)
    mixture = load_mixture([spec], ARM, given={("people", "hash"): people})
    assert mixture.counts == (32,) and "8 of 40 people" in mixture.notes[0]


def test_one_photograph_is_trained_and_validated_on(folder):
    spec = DatasetSpec("crops", folder("one", ["train"] * 2, ["a.jpg", "a.jpg"]))
    mixture = load_mixture([spec], ARM)
    assert mixture.counts == (2,) and len(mixture.validation["crops"]) == 2
    assert mixture.notes[-1].startswith("one photograph alone")
    people = load_validation(spec, ARM)
    assert len(people) == 2 and people.notes == mixture.notes


def test_one_photograph_beside_others_is_trained_on(folder):
    one = DatasetSpec("crops", folder("one", ["train"]))
    many = DatasetSpec("crops", folder("many", ["train"] * 20))
    mixture = load_mixture([one, many], ARM)
    assert mixture.counts == (1, 19)
    assert [len(people) for people in mixture.validation.values()] == [1]
    assert "every 20th photograph is held out, 1 of 21 people" in mixture.notes[-1]


def test_options_of_reading_go_to_the_datasets_that_take_them():
    specs = [DatasetSpec("coco", "a"), DatasetSpec("synthetic", "8", 0.5)]
    coco, drawn = with_options(specs, {"category": "dog"})
    assert coco.options == {"category": "dog"} and drawn == specs[1]
    assert repr(coco) == "DatasetSpec(name='coco', root='a', category='dog')"
    assert repr(drawn) == "DatasetSpec(name='synthetic', root='8', share=0.5)"
    with pytest.raises(DatasetError, match="`category` goes with coco alone.*'own'"):
        with_options([DatasetSpec("own", "a")], {"category": "dog"})
    with pytest.raises(DatasetError, match="`category` goes with coco alone.*'own'"):
        load_dataset("own", "a", category="dog")


def test_joints_that_the_network_lacks_are_named_in_training_and_evaluation(folder):
    spec = DatasetSpec("crops", folder("one", ["train", "val"]))
    elbow = Skeleton(("left_wrist", "left_elbow"))
    said = "joints of crops that the network lacks: right_wrist"
    assert said in load_mixture([spec], elbow).notes
    assert said in load_validation(spec, elbow).notes
