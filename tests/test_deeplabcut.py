import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import collect_faults

ONE = """scorer,lab,lab,lab,lab
bodyparts,snout,snout,tail_base,tail_base
coords,x,y,x,y
"""
THREE = """scorer,,,lab,lab,lab,lab
bodyparts,,,snout,snout,tail_base,tail_base
coords,,,x,y,x,y
"""
SEVERAL = """scorer,,,lab,lab,lab,lab,lab,lab,lab,lab,lab,lab
individuals,,,mouse1,mouse1,mouse1,mouse1,mouse2,mouse2,mouse2,mouse2,single,single
bodyparts,,,snout,snout,tail_base,tail_base,snout,snout,tail_base,tail_base,door,door
coords,,,x,y,x,y,x,y,x,y,x,y
"""
CLIP = "labeled-data/clip"


def write(root, text, folder=CLIP, images=("img1.png", "img2.png")):
    folder = root / folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "CollectedData_lab.csv").write_text(text)
    for name in images:
        (folder / name).touch()
    return root


def load(root, **kwargs):
    return datasets.load_dataset("deeplabcut", root, **kwargs)


def test_a_project_of_one_animal_is_read(tmp_path):
    lines = f"{CLIP}/img1.png,100,50,160.5,90\n{CLIP}/img2.png,1,2,,\n"
    people = load(write(tmp_path, ONE + lines))
    assert people.skeleton.joints == ("snout", "tail_base")
    assert people.images.tolist() == [str(tmp_path / CLIP / "img1.png")]
    assert people.joints.tolist() == [[[100, 50], [160.5, 90]]]
    assert people.weights.tolist() == [[1, 1]] and people.splits.tolist() == ["train"]
    np.testing.assert_allclose(people.sides, 1.4 * 60.5)
    (note,) = people.notes
    assert note.startswith("1 of 2 people") and "joints that are apart" in note


def test_images_may_be_named_in_three_columns(tmp_path):
    lines = "labeled-data,clip,img1.png,100,50,160,90\n"
    people = load(write(tmp_path, THREE + lines))
    assert people.images.tolist() == [str(tmp_path / CLIP / "img1.png")]
    assert people.joints.tolist() == [[[100, 50], [160, 90]]]


def test_each_individual_is_one_animal(tmp_path):
    lines = (
        "labeled-data,clip,img1.png,1,2,31,42,101,102,131,142,9,9\n"
        "labeled-data,clip,img2.png,,,,,5,6,35,,9,9\n"
        "labeled-data,clip,img2.png,nan,NaN,,,5,6,35,46,,\n"
    )
    with pytest.raises(DatasetError, match="line 6, mouse2.*'tail_base' must have bot"):
        load(write(tmp_path, SEVERAL + lines))
    with collect_faults() as faults:
        people = load(tmp_path)
    assert len(faults) == 1 and people.skeleton.joints == ("snout", "tail_base")
    assert people.joints[:, 0].tolist() == [[1, 2], [101, 102], [5, 6]]
    assert people.num_others.tolist() == [1, 1, 0]
    assert "mouse2" in people.names[1] and "line 5" in people.names[1]
    reasons = {note.split(": ")[-1]: note.split()[0] for note in people.notes}
    assert reasons == {"body parts of no animal": "2", "no usable joint": "3"}


def test_files_of_several_videos_have_one_skeleton(tmp_path):
    write(tmp_path, ONE + f"{CLIP}/img1.png,100,50,160,90\n")
    other = ONE.replace("snout", "tail_tip")
    write(tmp_path, other + "labeled-data/b/img1.png,1,2,30,40\n", "labeled-data/b")
    people = load(tmp_path)
    assert people.skeleton.joints == ("tail_tip", "tail_base", "snout")
    assert people.weights.tolist() == [[1, 1, 0], [0, 1, 1]]
    assert [image.split("/")[-2] for image in people.images] == ["b", "clip"]


def test_one_video_and_one_file_are_datasets_too(tmp_path):
    lines = r"labeled-data\clip\img1.png,100,50,160,90"
    write(tmp_path, ONE + lines)
    for root in (tmp_path / CLIP, tmp_path / CLIP / "CollectedData_lab.csv"):
        assert load(root).images.tolist() == [str(tmp_path / CLIP / "img1.png")]


def test_images_elsewhere_are_found_by_their_names(shared):
    root = shared / "cases" / "dlc_named"
    people = load(root)
    assert people.skeleton.joints == ("snout", "left_ear", "right_ear", "tail_base")
    assert people.joints[0].tolist() == [[100, 100], [90, 80], [110, 80], [105, 200]]
    assert people.images[0] == str(root / "images" / "000000433998.jpg")
    assert len(people) == 3 and not people.notes


FILES = {
    "no header": ("a,b\n1,2\n", "must begin with lines named"),
    "no body parts": ("scorer,a,a\ncoords,x,y\n1.png,1,2\n", "must begin with"),
    "another length": (ONE.replace(",y\n", "\n"), "header lines differ in length"),
    "twice": (ONE.replace("tail_base", "snout"), "names a column twice"),
}


@pytest.mark.parametrize("text, said", FILES.values(), ids=FILES)
def test_another_table_is_refused_by_its_name(tmp_path, text, said):
    with pytest.raises(DatasetError, match=f"CollectedData_lab.csv.*{said}"):
        load(write(tmp_path, text))


LINES = {
    "no number": ("img1.png,1,2,3,far", "`tail_base y` must be a number, not 'far'"),
    "too few": ("img1.png,1,2,3", "3 cells stand under 4 columns"),
    "elsewhere": ("../../other.png,1,2,30,40", "lies outside"),
}


@pytest.mark.parametrize("line, said", LINES.values(), ids=LINES)
def test_a_line_that_cannot_be_is_refused_by_its_number(tmp_path, line, said):
    with pytest.raises(DatasetError, match=f"CollectedData_lab.csv, line 4.*{said}"):
        load(write(tmp_path, ONE + line))


def test_a_folder_without_such_files_is_refused_with_the_places(tmp_path):
    with pytest.raises(DatasetError, match=r"CollectedData\*.csv.*labeled-data"):
        load(tmp_path)
