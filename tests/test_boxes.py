"""Boxes of people, and the files that list them."""

import gzip
import json
import re

import numpy as np
import pytest

from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.inference.boxes import Boxes, image_id, validate_boxes
from keras_hourglass.inference.boxes.files import read_boxes
from keras_hourglass.inference.boxes.finder import BoxFinder

BOX, OTHER = [10.0, 20.5, 30.0, 40.0], [1.0, 2.0, 3.0, 4.0]
PRINTED = [
    {"image": "a b.jpg", "people": [{"box": BOX}, {"box": OTHER, "score": 0.5}]},
    {"image": "ü.jpg", "people": []},
]
DETECTED = [
    {"image_id": 12, "category_id": 1, "bbox": BOX, "score": 0.75},
    {"image_id": 12, "category_id": 17, "bbox": [0, 0, 1, 1], "score": 0.9},
    {"image_id": 12, "category_id": 1, "bbox": OTHER, "score": 0.25},
]
SCORED = [[*BOX, 0.75], [*OTHER, 0.25]]
ANNOTATED = {
    "images": [{"id": 7, "file_name": "x/twelve.jpg"}],
    "categories": [{"id": 3, "name": "person"}, {"id": 1, "name": "dog"}],
    "annotations": [
        {"image_id": 7, "category_id": 3, "bbox": BOX, "iscrowd": 0},
        {"image_id": 7, "category_id": 3, "bbox": OTHER, "iscrowd": 1},
        {"image_id": 7, "category_id": 1, "bbox": OTHER},
    ],
}
TABLE = "frame;image;x;y;width;height;score\n;a b.jpg;10;20.5;30;40;\n"
TABLE += "3;film.mp4;1;2;3;4;.5\n"


NORMALIZED = [[0.25, 0.1, 0.5, 0.9], [0, 0, 1, 1], [-0.1, 0.2, 1, 0.3]]


@pytest.mark.parametrize("box", NORMALIZED)
def test_normalized_boxes_are_refused_alone_and_among_others(box, tmp_path):
    for rows in (box, [box], [BOX, box], [[*box, 0.9], [*OTHER, 0.5]]):
        with pytest.raises(ValueError, match="normalized coordinates: multiply x and"):
            validate_boxes(rows, scored=True)
    for name, text in [
        ("x.json", json.dumps({"a.jpg": [BOX, box]})),
        ("x.json", json.dumps([{"image_id": 1, "bbox": box, "score": 0.9}])),
        ("x.csv", f"image,x,y,width,height\na.jpg,{','.join(map(str, box))}\n"),
    ]:
        (tmp_path / name).write_text(text)
        with pytest.raises(
            DatasetError, match=f"{name} lists no usable boxes.*normalized"
        ):
            read_boxes(tmp_path / name)


def test_small_boxes_of_pixels_are_kept():
    for box in ([0, 0, 1.5, 1], [7, 0.5, 1, 1], [0.5, 0.5, 1, 2]):
        assert validate_boxes(box).tolist() == [box]


def scored(rows):
    return validate_boxes(rows, scored=True)


@pytest.mark.parametrize(
    "name, text, image, expected",
    [
        ("x.json", json.dumps(PRINTED), "a b.jpg", [[*BOX, 1], [*OTHER, 0.5]]),
        ("x.jsonl", "\n".join(map(json.dumps, PRINTED)), "a b.jpg", 2),
        ("x.json", json.dumps(PRINTED[0]), "a b.jpg", 2),
        ("x.json", json.dumps(PRINTED), "ü.jpg", []),
        ("x.json", json.dumps({"ü.jpg": [BOX]}), "ü.jpg", [[*BOX, 1]]),
        ("x.json", json.dumps(DETECTED), "000000000012.jpg", SCORED),
        ("x.json", json.dumps(ANNOTATED), "x/twelve.jpg", [[*BOX, 1]]),
        ("x.json", json.dumps({"C:\\dir\\a b.jpg": [BOX]}), "dir/a b.jpg", [[*BOX, 1]]),
        ("x.csv", TABLE, "a b.jpg", [[*BOX, 1]]),
        ("x.csv", TABLE, "other.jpg", []),
        ("X.CSV", TABLE, "a b.jpg", [[*BOX, 1]]),
        ("x.json", "[]", "a b.jpg", []),
    ],
)
def test_boxes_are_read_from_every_kind_of_file(name, text, image, expected, tmp_path):
    (tmp_path / name).write_text(text)
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / f"{name}.GZ").write_bytes(gzip.compress(text.encode()))
    for path in (tmp_path / name, f"{tmp_path / name}.gz", f"{tmp_path / name}.GZ"):
        found = read_boxes(path).lookup(image)
        if isinstance(expected, int):
            assert found.shape == (expected, 5)
        else:
            np.testing.assert_array_equal(found, np.reshape(expected, (-1, 5)))


def animals(**changes):
    """A COCO file: per image a dog, a cat, a crowd of dogs, and empty boxes of dogs."""
    boxes = [[*BOX], [*OTHER], [*BOX], [1, 2, 0, 4], None, []]
    crowd = ["0", 0, "1", False, None, ""]  # numbers, also as text
    listed = [
        {"image_id": 1, "category_id": 18 - (n == 1), "iscrowd": crowd[n], "bbox": b}
        for n, b in enumerate(boxes)
    ]
    categories = [
        {"id": 17, "name": "cat"},
        {"id": 18, "name": "dog", "keypoints": ["tail"]},
    ]
    return {
        **{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": listed},
        **{"categories": categories, **changes},
    }


@pytest.mark.parametrize(
    "category, box", [(None, BOX), ("dog", BOX), ("18", BOX), ("cat", OTHER)]
)
def test_boxes_of_a_category_are_read_and_others_counted(
    category, box, tmp_path, caplog
):
    caplog.set_level("INFO")
    path = tmp_path / "x.json"
    path.write_text(json.dumps(animals()))
    found = read_boxes(path, category)
    np.testing.assert_array_equal(found.lookup("a.jpg"), [[*box, 1]])
    texts = {
        re.split(" (?:is|are) left out: ", text)[1]: text for text in caplog.messages
    }
    if category == "cat":
        assert texts == {"of category dog": texts["of category dog"]}
        assert texts["of category dog"].startswith("5 boxes of ")
    else:
        assert {*texts} == {"of category cat", "of crowds", "empty"}
        assert texts["empty"].startswith("3 boxes of ")


def test_a_category_must_be_there(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(animals()))
    with pytest.raises(DatasetError, match="Did you mean 'dog'.*category='dgo'"):
        read_boxes(tmp_path / "x.json", "dgo")
    (tmp_path / "x.csv").write_text(TABLE)
    with pytest.raises(DatasetError, match="`category` goes with COCO's files"):
        read_boxes(tmp_path / "x.csv", "dog")


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.csv"])
def test_files_of_version_0_1_are_read(name, tmp_path):
    text = TABLE if name == "x.csv" else "\n".join(map(json.dumps, PRINTED))
    (tmp_path / name).write_text(text)
    (tmp_path / f"old-{name}").write_text(text.replace("image", "picture"))
    new, old = (read_boxes(tmp_path / each) for each in (name, f"old-{name}"))
    assert len(new.lookup("a b.jpg")) > 0
    np.testing.assert_array_equal(old.lookup("a b.jpg"), new.lookup("a b.jpg"))


def test_a_frame_has_its_own_boxes_and_those_of_all_frames(tmp_path):
    known = Boxes([("f.mp4", None, scored(BOX)), ("f.mp4", 3, scored(OTHER))])
    assert [len(known.lookup("f.mp4", frame)) for frame in (2, 3, None)] == [1, 2, 1]
    (tmp_path / "x.csv").write_text(TABLE)
    table = read_boxes(tmp_path / "x.csv")
    assert [len(table.lookup("a/film.mp4", frame)) for frame in (2, 3, 4)] == [0, 1, 0]


def test_two_paths_name_one_image_if_one_ends_with_the_other():
    known = Boxes([("b/c.jpg", None, scored(BOX)), ("c.jpg", None, scored(OTHER))])
    for path, x in {
        "/a/b/c.jpg": 10,
        "b/c.jpg": 10,
        "./c.jpg": 1,
        "/d/c.jpg": 1,
    }.items():
        assert known.lookup(path)[0, 0] == x
    assert not len(known.lookup("bc.jpg")) and not known.unused
    known = Boxes([("/home/me/b/c.jpg", None, scored(BOX)), (5, None, scored(BOX))])
    assert len(known.lookup("b/c.jpg")) == 1
    assert known.unused == ["5"]


def test_the_current_folder_tells_images_of_one_name_apart(tmp_path, monkeypatch):
    known = Boxes([("a/1.jpg", None, scored(BOX)), ("b/1.jpg", None, scored(OTHER))])
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "b")
    assert known.lookup("1.jpg")[0, 0] == OTHER[0]
    both = Boxes([("1.jpg", None, scored(BOX)), ("b/1.jpg", None, scored(OTHER))])
    assert both.lookup("1.jpg")[0, 0] == OTHER[0], "the longest match"
    above = Boxes([("../a/1.jpg", None, scored(BOX)), ("1.jpg", 0, scored(OTHER))])
    assert above.lookup("../a/1.jpg")[0, 0] == BOX[0]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="fits several images: a/1.jpg, b/1.jpg"):
        known.lookup("1.jpg")


def test_a_path_that_fits_several_images_is_an_error_before_the_first(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text("image,x,y,width,height\na/1.jpg,2,3,40,50\nb/1.jpg,2,3,40,50\n")
    find_boxes = BoxFinder(path)
    find_boxes.require(["a/1.jpg", "none.jpg"])
    with pytest.raises(ValueError, match="1.jpg fits several images"):
        find_boxes.require(["a/1.jpg", "1.jpg"])
    assert not find_boxes.file.missing and len(find_boxes.file.unused) == 2


def test_coco_numbers_are_read_from_file_names():
    assert image_id("000000397133.jpg") == 397133
    assert image_id("a/COCO_val2014_000000000042.jpg") == 42
    assert image_id("a/holiday_1.jpg") == "a/holiday_1.jpg"


@pytest.mark.parametrize(
    "wrong",
    [[1, 2, 3], [[1, 2, 3, 0]], [[np.nan, 2, 3, 4]], ["a"], [[BOX]], None, [BOX, [1]]],
)
def test_invalid_boxes_raise_an_error(wrong):
    with pytest.raises(ValueError, match="`boxes` must be.*Received: boxes="):
        scored(wrong)


@pytest.mark.parametrize(
    "name, text, says",
    [
        ("x.json", "nonsense", "not readable as JSON"),
        ("x.json", '{"a.jpg": [[1, 2, 3]]}', "must be rows of x, y"),
        ("x.json", '[{"image": "a.jpg", "people": [{}]}]', "`box` is missing"),
        ("x.json", '[{"bbox": [1, 2, 3, 4]}]', "`image_id` is missing"),
        ("x.json", "3", "lists no usable boxes"),
        ("x.json", '{"a.jpg": 3}', "lists no usable boxes"),
        (
            "x.csv",
            TABLE + "inf;a.jpg;1;2;3;4;",
            "lists no usable boxes, after 2 people",
        ),
        ("x.csv", "image,x,y\n", r"\['width', 'height'\] are missing"),
        ("x.csv", TABLE + ";a.jpg;1;b;3;4;", "after 2 people: `y` must be a number"),
        ("x.csv", TABLE + ";a.jpg;1;;3;4;", "after 2 people: `boxes` must be"),
        ("x.csv", "", "are missing"),
        ("x.csv", "\0", "are missing"),
    ],
)
def test_a_file_without_boxes_is_named_in_the_error(name, text, says, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(DatasetError, match=f"{name} .*{says}"):
        read_boxes(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="`boxes` must be a file"):
        read_boxes(tmp_path / "none.json")
