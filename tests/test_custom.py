import json

import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets.custom import load_custom
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import collect_faults
from keras_hourglass.data.readers.table import PLAIN_COLUMNS, joint_columns, parse_row
from keras_hourglass.skeletons import MPII

HEADER = "image,left_knee_x,left_knee_y,right_knee_x,right_knee_y"
LINE = "1.jpg,10,20,30,120"


@pytest.fixture
def folder(tmp_path):
    """Writes a table of some lines beside an empty image."""
    (tmp_path / "1.jpg").touch()

    def write(*lines, header=HEADER, encoding="utf-8"):
        text = "\n".join((header, *lines))
        (tmp_path / "people.csv").write_text(text, encoding=encoding)
        return tmp_path

    return write


def test_an_image_and_its_joints_are_all_that_is_needed(folder):
    root = folder(LINE)
    people = datasets.load_dataset("own", root)
    assert people.skeleton.joints == ("left_knee", "right_knee")
    assert people.images.tolist() == [str(root / "1.jpg")]
    assert people.joints.tolist() == [[[10, 20], [30, 120]]]
    assert people.weights.tolist() == [[1, 1]]
    assert people.centers.tolist() == [[20, 70]]
    np.testing.assert_allclose(people.sides, 1.4 * 100)
    assert people.splits.tolist() == ["train"]
    assert people.names.tolist() == [f"1.jpg ({root}/people.csv, line 2)"]


def test_everything_else_is_used_where_it_is_given(folder):
    header = HEADER + ",right_knee_weight,x,y,width,height,split,head_size"
    given = LINE + ",0.25,0,10,40,80,val,7"
    people = datasets.load_dataset(
        "own", folder(given, LINE + ",,,,,,,", header=header)
    )
    assert people.weights.tolist() == [[1, 0.25], [1, 1]]
    assert people.centers.tolist() == [[19.5, 49.5], [20, 70]]
    np.testing.assert_allclose(people.sides, [1.25 * 80, 1.4 * 100])
    np.testing.assert_allclose(people.head_sizes, [7, 14])
    assert people.splits.tolist() == ["val", "train"]


def test_a_table_may_be_called_tsv(folder):
    root = folder(LINE.replace(",", "\t"), header=HEADER.replace(",", "\t"))
    path = (root / "people.csv").rename(root / "people.tsv")
    assert datasets.load_dataset("own", path).weights.tolist() == [[1, 1]]


def test_an_empty_joint_is_absent_and_does_not_widen_the_window(folder):
    header = HEADER + ",pelvis_x,pelvis_y"
    people = datasets.load_dataset("own", folder("1.jpg,,,30,120,10,20", header=header))
    assert people.weights.tolist() == [[0, 1, 1]]
    np.testing.assert_allclose(people.sides, 1.4 * 100)


@pytest.mark.parametrize("cell", ["nan", "NaN", "None", "NA", "null", "<NA>"])
def test_cells_of_missing_values_are_empty(folder, cell):
    header = HEADER + ",pelvis_x,pelvis_y,left_knee_weight,x,y,width,height,head_size"
    line = LINE + f",{cell}" * 8
    people = datasets.load_dataset("own", folder(line, header=header))
    assert people.weights.tolist() == [[1, 1, 0]]
    np.testing.assert_allclose(people.sides, 1.4 * 100)
    np.testing.assert_allclose(people.head_sizes, 14)


def test_columns_may_be_in_upper_case_and_have_an_index_before_them(folder):
    header = ",Image,Left_Knee_X,left_knee_Y,RIGHT_KNEE_X,RIGHT_KNEE_Y,Split"
    people = datasets.load_dataset("own", folder(f"0,{LINE},Val", header=header))
    assert people.skeleton.joints == ("Left_Knee", "RIGHT_KNEE")
    assert people.joints.tolist() == [[[10, 20], [30, 120]]]
    assert people.splits.tolist() == ["val"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("parting", ",;\t")
def test_a_table_may_be_as_spreadsheets_write_it(folder, parting, encoding):
    root = folder(
        LINE.replace(",", parting),
        header=HEADER.replace(",", parting),
        encoding=encoding,
    )
    assert datasets.load_dataset("own", root).joints.tolist() == [[[10, 20], [30, 120]]]


def test_short_names_of_joints_and_quoted_images_are_understood(folder):
    header = HEADER.replace("left", "l").replace("right", "r")
    root = folder('"1, the first.jpg",10,20,30,120', "", header=header)
    people = datasets.load_dataset("own", root, missing="keep")
    assert people.skeleton.joints == ("left_knee", "right_knee")
    assert people.images[0].endswith("1, the first.jpg")


def test_all_joints_of_mpii_make_its_skeleton(folder):
    header = "image," + ",".join(f"{j}_x,{j}_y" for j in MPII.joints)
    line = "1.jpg," + ",".join(str(number) for number in range(32))
    people = datasets.load_dataset("own", folder(line, header=header))
    assert people.skeleton is MPII


def test_images_lie_in_the_folder_or_its_images(folder):
    root = folder(LINE, "Größe 足.jpg,1,2,3,4")
    (root / "images").mkdir()
    (root / "images" / "Größe 足.jpg").touch()
    images = datasets.load_dataset("own", root).images.tolist()
    assert images == [str(root / "1.jpg"), str(root / "images" / "Größe 足.jpg")]


def test_a_table_of_any_name_names_images_from_its_own_folder(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "tables").mkdir()
    (tmp_path / "images/1.jpg").touch()
    table = tmp_path / "tables/found by a network.csv"
    table.write_text(f"{HEADER}\n../images/1.jpg,10,20,30,120")
    with pytest.raises(DatasetError, match="lies outside of .*tables; `images=DIR`"):
        datasets.load_dataset("own", table)
    for folder in (tmp_path, tmp_path / "images"):
        (found,) = load_custom(table, images=folder).images
        assert found == str(tmp_path / "images/1.jpg")
    table.rename(table.with_suffix(".CSV"))
    assert len(load_custom(table.with_suffix(".CSV"), images=tmp_path)) == 1
    (tmp_path / "found.csv").write_text(f"{HEADER}\nimages/1.jpg,10,20,30,120")
    (found,) = datasets.load_dataset(f"own:{tmp_path}/found.csv").images
    assert found == str(tmp_path / "images/1.jpg")


def test_a_table_in_annotations_may_name_images_from_there(folder, tmp_path):
    root = folder("../1.jpg,10,20,30,120")
    (root / "annotations").mkdir()
    (root / "people.csv").rename(root / "annotations/people.csv")
    assert datasets.load_dataset("own", root).images.tolist() == [str(root / "1.jpg")]


def test_a_name_from_the_tables_own_folder_comes_before_one_from_its_images(folder):
    """`predict` writes such names: both files are there."""
    root = folder(LINE, "images/1.jpg,1,2,3,4")
    (root / "images").mkdir()
    (root / "images/1.jpg").touch()
    images = datasets.load_dataset("own", root).images.tolist()
    assert images == [str(root / "1.jpg"), str(root / "images/1.jpg")]


HEADERS = {
    "no image": (HEADER.replace("image", "file"), "name a column 'image'"),
    "nothing": ("", "name a column 'image'"),
    "no joint": ("image", "one or more different names"),
    "no y": ("image,pelvis_x", "'pelvis' needs the columns"),
    "weight alone": (HEADER + ",pelvis_weight", "'pelvis' needs the columns"),
    "joint without a name": (HEADER + ",_x,_y", "must begin with a joint's name"),
    "joint in two spellings": (HEADER + ",kneeL_x,kneeL_y", "different names"),
    "unknown column": (HEADER + ",age", "'age' must be one of"),
    "twice": (HEADER + ",left_knee_x", r"duplicate columns: \['left_knee_x'\]"),
    "two names of one": (HEADER + ",l_knee_x,l_knee_y", "different names"),
    "half a box": (HEADER + ",x,y", "a box needs all"),
}


@pytest.mark.parametrize("header, said", HEADERS.values(), ids=HEADERS)
def test_columns_that_mean_nothing_are_refused(folder, header, said):
    with pytest.raises(DatasetError, match=f"people.csv: .*{said}"):
        datasets.load_dataset("own", folder(LINE, header=header))


LINES = {
    "no number": ("1.jpg,10,20,30,far", "`right_knee_y` must be a number, not 'far'"),
    "not finite": ("1.jpg,10,20,30,inf", "'right_knee' must be"),
    "half missing": ("1.jpg,10,20,30,nan", "'right_knee' must have both"),
    "decimal comma": ('1.jpg,10,20,30,"1,5"', "the decimal mark must be a point"),
    "half a joint": ("1.jpg,10,,30,120", "'left_knee' must have both"),
    "too few cells": ("1.jpg,10,20,30", "4 cells stand under 5 columns"),
    "too many cells": (LINE + ",7", "6 cells stand under 5 columns"),
    "no image": (",10,20,30,120", "image '' lies outside"),
    "elsewhere": ("../1.jpg,10,20,30,120", "lies outside"),
}


@pytest.mark.parametrize("line, said", LINES.values(), ids=LINES)
def test_a_line_that_cannot_be_is_refused_and_gathered(folder, line, said):
    root = folder(LINE, "", line, LINE)
    with pytest.raises(DatasetError, match=f"people.csv, line 4.*{said}"):
        datasets.load_dataset("own", root)
    with collect_faults() as faults:
        people = datasets.load_dataset("own", root)
    assert len(people) == 2 and len(faults) == 1


@pytest.mark.parametrize("box", ["1,2,,3", "0,0,0,0", "1,2,-3,4", ",,,"])
def test_without_a_usable_box_the_window_follows_from_the_joints(folder, box):
    header = HEADER + ",x,y,width,height"
    root = folder(f"{LINE},{box}", f"{LINE},5,6,70,80", header=header)
    people = datasets.load_dataset("own", root)
    assert people.sides.tolist() == [
        datasets.load_dataset("own", folder(LINE)).sides,
        100,
    ]
    assert len(people.notes) == (box != ",,,")
    if people.notes:
        assert "1 of 2 people" in people.notes[0] and "no usable box" in people.notes[0]


def test_one_joint_without_a_box_is_left_out_and_counted(folder):
    people = datasets.load_dataset("own", folder(LINE, "1.jpg,10,20,,"))
    assert len(people) == 1 and "neither a usable box nor" in people.notes[0]


def test_a_table_without_people_is_refused(folder):
    with pytest.raises(DatasetError, match="no usable people.*is empty"):
        datasets.load_dataset("own", folder())


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "people.csv").write_bytes(b"\xff\xd8\xff" * 9)
    with pytest.raises(DatasetError, match="people.csv is not readable as text"):
        datasets.load_dataset("own", tmp_path)


def test_json_says_the_same_with_a_box_in_place_of_the_window(tmp_path):
    people = [
        {"image": "1.jpg", "joints": [[10, 20], [30, 120]]},
        {"image": "1.jpg", "joints": [[10, 20], [30, 120]], "box": [0, 10, 40, 80]},
    ]
    listed = {"joint_names": ["left_knee", "right_knee"], "people": people}
    (tmp_path / "people.json").write_text(json.dumps(listed))
    (tmp_path / "1.jpg").touch()
    loaded = datasets.load_dataset("own", tmp_path)
    assert loaded.centers.tolist() == [[20, 70], [19.5, 49.5]]
    np.testing.assert_allclose(loaded.sides, [1.4 * 100, 1.25 * 80])
    (tmp_path / "people.csv").touch()
    with pytest.raises(DatasetError, match="people.csv or people.json, not both"):
        datasets.load_dataset("own", tmp_path)


def test_a_folder_without_a_table_is_refused_with_the_files_expected(tmp_path):
    with pytest.raises(DatasetError, match="hold people.csv or people.json"):
        datasets.load_dataset("own", tmp_path)


def test_every_column_that_is_no_joint_is_known_by_name():
    assert joint_columns([*PLAIN_COLUMNS, "pelvis_x", "pelvis_y"]) == ["pelvis"]
    entry = parse_row([*PLAIN_COLUMNS], ["1.jpg", *"12345", "", "val", ""], [])
    assert entry["box"] == [1, 2, 3, 4] and entry["split"] == "val"


def test_the_old_name_of_the_image_column_is_read(folder):
    root = folder(LINE, header=HEADER.replace("image", "picture"))
    people = datasets.load_dataset("own", root)
    assert people.images.tolist() == [str(root / "1.jpg")]
    with pytest.raises(DatasetError, match=r"duplicate columns: \['image'\]"):
        datasets.load_dataset("own", folder(LINE, header=HEADER + ",picture"))


def test_the_old_name_of_the_image_key_is_read(tmp_path):
    people = [{"picture": "1.jpg", "joints": [[10, 20], [30, 120]]}]
    listed = {"joint_names": ["left_knee", "right_knee"], "people": people}
    (tmp_path / "people.json").write_text(json.dumps(listed))
    (tmp_path / "1.jpg").touch()
    people = datasets.load_dataset("own", tmp_path)
    assert people.images.tolist() == [str(tmp_path / "1.jpg")]


def test_joints_of_any_name_make_a_skeleton_of_their_own(folder):
    header = "image,snout_x,snout_y,Tail Base_x,Tail Base_y,earL_x,earL_y"
    (person,) = datasets.load_dataset(
        "own", folder("1.jpg,1,2,3,40,5,6", header=header)
    )
    assert person.skeleton.joints == ("snout", "Tail Base", "earL")
    assert person.joints.tolist() == [[1, 2], [3, 40], [5, 6]]
    assert person.skeleton.flip_indices == (0, 1, 2)  # no right ear: not exchanged


def test_joints_of_mpii_in_any_order_and_spelling_make_its_skeleton(folder):
    names = [name.replace("_", " ").title() for name in sorted(MPII.joints)]
    header = "image," + ",".join(f"{name}_x,{name}_y" for name in names)
    line = "1.jpg," + ",".join(f"{i},{2 * i}" for i in range(16))
    people = datasets.load_dataset("own", folder(line, header=header))
    assert people.skeleton is MPII
    places = [sorted(MPII.joints).index(name) for name in MPII.joints]
    assert people.joints[0].tolist() == [[i, 2 * i] for i in places]


def test_the_tables_of_animals_have_their_four_joints(shared):
    joints = ("snout", "left_ear", "right_ear", "tail_base")
    for case in ("animal_csv", "animal_json"):
        people = datasets.load_dataset("own", shared / "cases" / case)
        assert people.skeleton.joints == joints and len(people) >= 2
        assert people.joints[0].tolist() == [
            [100, 100],
            [90, 80],
            [110, 80],
            [105, 200],
        ]
        assert people.skeleton.flip_indices == (0, 2, 1, 3)


def test_the_folder_of_an_image_says_its_split_where_the_table_does_not(tmp_path):
    names = ["train/1.jpg", "Valid/2.jpg", "test/3.jpg", "carnival/val.jpg"]
    for name in names:
        (tmp_path / "images" / name).parent.mkdir(parents=True)
        (tmp_path / "images" / name).touch()
    lines = [f"{name},10,20,30,120" for name in names]
    (tmp_path / "people.csv").write_text("\n".join([HEADER, *lines]))
    people = datasets.load_dataset("own", tmp_path)
    assert people.splits.tolist() == ["train", "val", "test", "train"]
    lines = [f"{line},{s}" for line, s in zip(lines, ("TEST", "training", "", "valid"))]
    (tmp_path / "people.csv").write_text("\n".join([f"{HEADER},split", *lines]))
    people = datasets.load_dataset("own", tmp_path)
    assert people.splits.tolist() == ["test", "train", "test", "val"]


def test_images_of_another_machine_are_found_by_the_ends_of_their_names(tmp_path):
    (tmp_path / "images" / "clip").mkdir(parents=True)
    (tmp_path / "images" / "clip" / "1.jpg").touch()
    (tmp_path / "people.csv").write_text(f"{HEADER}\nC:\\data\\clip\\1.jpg,1,2,30,120")
    people = datasets.load_dataset("own", tmp_path)
    assert people.images.tolist() == [str(tmp_path / "images/clip/1.jpg")]
    (tmp_path / "images" / "clip" / "1.jpg").unlink()
    with pytest.raises(DatasetError, match=r"missing.*images=DIR.*none of .*images/"):
        datasets.load_dataset("own", tmp_path)


def test_a_head_size_that_a_skeleton_without_a_head_does_not_use_is_said(tmp_path):
    (tmp_path / "1.jpg").touch()
    people = [
        {"image": "1.jpg", "joints": [[3, 4], [30, 40]], **extra}
        for extra in ({}, {"head_size": 7})
    ]
    listed = {"joint_names": ["snout", "tail"], "people": people}
    (tmp_path / "people.json").write_text(json.dumps(listed))
    (note,) = datasets.load_dataset("own", tmp_path).notes
    assert note.startswith("1 person has a head size, which is not used")
    listed["joint_names"] = ["upper_neck", "head_top"]
    (tmp_path / "people.json").write_text(json.dumps(listed))
    people = datasets.load_dataset("own", tmp_path)
    assert not people.notes and people.reference_lengths[1] == 7
