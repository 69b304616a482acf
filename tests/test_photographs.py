"""Photographs with the boxes of their people: columns, splits, loading, mixtures."""

import json
import pickle

import cv2
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.datasets import DatasetError, DatasetSpec
from keras_hourglass.data.datasets.synthetic import photographs as synthetic
from keras_hourglass.data.datasets.synthetic.person import draw_person
from keras_hourglass.data.detection import Photographs, concatenate
from keras_hourglass.data.detection.loading import load_photographs
from keras_hourglass.data.detection.mixture import (
    load_photograph_mixture,
    load_validation_photographs,
)
from keras_hourglass.data.readers.sizes import match_sizes
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import box_iou
from keras_hourglass.visualization.images import save_image


@pytest.fixture
def photographs():
    return Photographs(
        images=["a/1.jpg", "a/2.jpg", "b/3.jpg"],
        sizes=[(40, 30)] * 3,
        splits=["train", "train", "val"],
        boxes=[[], [(1, 2, 3, 4), (5, 6, 7, 8)], [(0, 0, 9, 9)]],
        is_crowd=[[], [False, True], [False]],
    )


@pytest.fixture
def folder(tmp_path):
    """Writes a dataset of COCO's layout: (its name, split -> photographs) -> path."""

    def write(name, **splits):
        root = tmp_path / name
        (root / "annotations").mkdir(parents=True)
        for split, count in splits.items():
            (root / split).mkdir()
            listed = [
                {"id": i, "file_name": f"{split}{i:03}.png"} for i in range(count)
            ]
            for image in listed:
                save_image(
                    root / split / image["file_name"], np.zeros((30, 40, 3), "uint8")
                )
            boxes = [
                {"id": i, "image_id": i, "category_id": 1, "bbox": [4, 3, 10, 20]}
                for i in range(1, count)
            ]
            contents = {"images": listed, "annotations": boxes}
            contents["categories"] = [{"id": 1, "name": "person"}]
            path = root / "annotations" / f"instances_{split}.json"
            path.write_text(json.dumps(contents))
        return str(root)

    return write


def test_rows_are_photographs_and_their_boxes_stay_with_them(photographs):
    one = photographs[1]
    assert one.image == "a/2.jpg" and one.boxes.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert one.is_crowd.tolist() == [False, True] and one.reader is None
    some = photographs[[2, 0]]
    assert [len(boxes) for boxes in some.boxes] == [1, 0]
    assert [each.image for each in some] == ["b/3.jpg", "a/1.jpg"]
    assert some.boxes[1].shape == (0, 4)
    both = concatenate([some, photographs[1:2]])
    assert both.names.tolist() == ["3.jpg", "1.jpg", "2.jpg"]
    assert (both.num_people, both.num_ignored) == (2, 1)
    assert repr(both) == (
        "<Photographs: 3 (2 train, 1 val), 2 people, 1 ignored areas>"
    )


def test_a_split_is_marked_or_drawn_by_photograph(photographs):
    assert photographs.split("val").images.tolist() == ["b/3.jpg"]
    train, held_out = photographs[:2].split(val_share=0.5)
    assert sorted([*train.images, *held_out.images]) == ["a/1.jpg", "a/2.jpg"]
    with pytest.raises(ValueError, match="no photograph is marked 'test'"):
        photographs.split("test")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"boxes": [[(0, 0, 5, 0)]]}, "`boxes` must be finite.*x.jpg"),
        ({"boxes": [[(0, np.nan, 5, 5)]]}, "`boxes` must be finite.*x.jpg"),
        ({"is_crowd": [[True, False]]}, "`is_crowd` must have a value for each box"),
        ({"splits": ["train", "val"]}, "columns must have one length.*'splits': 2"),
    ],
)
def test_columns_that_cannot_be_are_refused(changes, message):
    columns = {
        "images": ["x.jpg"],
        "sizes": [(9, 9)],
        "splits": ["train"],
        "boxes": [[(0, 0, 5, 5)]],
        "is_crowd": [[False]],
    }
    Photographs(**columns)
    with pytest.raises(ValueError, match=message):
        Photographs(**columns | changes)


def test_a_folder_of_coco_gives_all_photographs_and_reads_sizes_not_listed(folder):
    root = folder("one", train=3, val=2)
    photographs = load_photographs(f"coco:{root}")
    assert sorted(photographs.splits) == ["train"] * 3 + ["val"] * 2
    assert photographs.sizes.tolist() == [[40, 30]] * 5
    assert photographs.num_people == 3 and len(photographs.boxes[0]) == 0
    assert len(load_photographs("coco", root, split="val")) == 2


def test_boxes_are_fitted_to_images_that_were_resized(folder, tmp_path, caplog):
    root = folder("resized", train=2)
    path = tmp_path / "resized/annotations/instances_train.json"
    contents = json.loads(path.read_text())
    for image in contents["images"]:
        image |= {"width": 80, "height": 60}
    path.write_text(json.dumps(contents))
    same = load_photographs("coco", root)
    assert same.boxes[1].tolist() == [[4, 3, 10, 20]] and "scaled" in caplog.text
    scaled = load_photographs("coco", root, rescale=True)
    assert scaled.boxes[1].tolist() == [[2, 1.5, 5, 10]]
    assert same.sizes.tolist() == scaled.sizes.tolist() == [[40, 30]] * 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_labeled_without_the_exif_orientation_are_turned(
    orientation, tmp_path, dotted, as_stored, exif, with_exif
):
    """The dot covers 5 x 5 pixels around (11, 29)."""
    upright = dotted((11, 29), (64, 48), 2)
    stored = as_stored(upright, orientation)
    data = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(with_exif(data, exif(orientation)))
    height, width = stored.shape[:2]
    y, x = np.argwhere(stored.max(axis=-1) > 128).min(axis=0)
    photographs = Photographs(
        *([str(tmp_path / "a.jpg")], [(width, height)], ["train"]),
        *([[(x, y, 5, 5)]], [[False]]),
    )
    fitted = match_sizes(photographs)
    if orientation < 5:  # the sizes agree: nothing tells how it was labeled
        assert fitted is photographs
    else:
        np.testing.assert_allclose(fitted.boxes[0], [[9, 27, 5, 5]], atol=1)
        assert fitted.sizes.tolist() == [[64, 48]]


def test_a_dataset_without_boxes_says_so_and_a_wrong_name_is_guessed():
    with pytest.raises(DatasetError, match="boxes of all people: coco or synthetic"):
        load_photographs("mpii:somewhere")
    with pytest.raises(DatasetError, match="Did you mean 'coco'"):
        load_photographs("cocoa:somewhere")
    with pytest.raises(DatasetError, match="number of photographs"):
        load_photographs("synthetic:none")


def test_a_mixture_has_shares_and_the_validation_photographs_of_each(folder):
    specs = [f"coco:{folder('a', train=3, val=2)}", f"coco:{folder('b', train=4)}*0.5"]
    mixture = load_photograph_mixture([*map(DatasetSpec.parse, specs)])
    assert mixture.counts == (3, 4) and mixture.shares == (1, 0.5)
    assert len(mixture.train) == 7 and [*mixture.validation] == ["coco"]
    assert {*mixture.validation["coco"].splits} == {"val"}


def test_an_option_that_is_of_joints_is_refused():
    with pytest.raises(DatasetError, match="`min_joints` must not be .* detection"):
        load_validation_photographs(DatasetSpec("coco", "nowhere", min_joints=3))


def test_where_nothing_is_marked_photographs_are_held_out_alike(folder):
    spec = DatasetSpec.parse(f"coco:{folder('a', train=40)}")
    mixture = load_photograph_mixture([spec])
    held_out = load_validation_photographs(spec)
    assert mixture.counts == (38,) and len(held_out) == 2
    assert {*mixture.validation["coco"].images} == {*held_out.images}
    assert mixture.notes[-1] == (
        "no photograph is marked for validation: every 20th photograph is held out, "
        "2 of 40 photographs"
    )
    assert len(load_validation_photographs(spec, include_train=True)) == 40


def test_boxes_of_synthetic_people_are_those_of_their_pixels():
    overlaps = []
    for index in range(40):
        scene = synthetic.sample_scene(2, index)
        width, height = scene.size
        for body, box in zip(scene.bodies, scene.boxes):
            parts = np.zeros((256, 256), "uint8")
            random = np.random.default_rng(0)
            draw_person(random, np.zeros((256, 256, 3), "uint8"), body, parts)
            y, x = np.nonzero(parts[:height, :width])
            sides = np.ptp(x) + 1, np.ptp(y) + 1
            drawn = np.array([x.min(), y.min(), *sides], float)
            overlaps.append(box_iou(box, drawn, NUMPY))
    assert len(overlaps) > 40
    assert np.median(overlaps) > 0.93 and np.min(overlaps) > 0.5


def test_synthetic_photographs_are_of_their_listed_sizes_and_some_are_empty():
    photographs = kh.load_photographs("synthetic", 30)
    for photograph in photographs[:10]:
        pixels = photograph.reader(photograph.image)
        assert pixels.shape == (*photograph.size[::-1], 3)
    counts = [len(boxes) for boxes in photographs.boxes]
    assert min(counts) == 0 and max(counts) >= 3
    again = kh.load_photographs("synthetic", 31)
    assert [b.tolist() for b in again.boxes[:30]] == [
        b.tolist() for b in photographs.boxes[:30]
    ]


def test_the_real_photographs_have_everyone(shared):
    root = shared / "fixtures" / "coco_cc_by"
    photographs = kh.load_photographs("coco", root)
    assert len(photographs) == 15 and photographs.num_people > 15
    assert (photographs.sizes > 100).all()
    copied = pickle.loads(pickle.dumps(photographs))  # for processes that make batches
    assert repr(copied) == repr(photographs) and copied.boxes[0].dtype == "float32"
    grid = photographs.plot(count=15, columns=5)
    assert grid.shape == (960, 1600, 3)
