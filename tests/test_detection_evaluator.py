"""Evaluation of detectors: boxes of known quality on photographs of one gray each."""

import json

import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.evaluation.detection import results

# Of each photograph, 512 x 256: its people, two of them 100 px high of 256, one 20.
BOXES = [[[0, 0, 80, 200], [200, 20, 90, 200]], [], [[40, 40, 20, 40]]]


def gray(value):
    return np.full((256, 512, 3), value, "uint8")


@pytest.fixture
def photographs():
    return Photographs(
        images=range(3),
        sizes=[(512, 256)] * 3,
        splits=["val"] * 3,
        boxes=BOXES,
        is_crowd=[[False] * len(boxes) for boxes in BOXES],
        readers=[gray] * 3,
    )


def exact(image):
    boxes = np.array(BOXES[image[0, 0, 0]], float).reshape(-1, 4)
    return np.pad(boxes, [(0, 0), (0, 1)], constant_values=0.9)


def with_one_false(image):
    return np.concatenate([exact(image), [[300.0, 100, 60, 140, 0.5]]])


def test_exact_boxes_are_perfect_in_all_sizes(photographs):
    result = kh.evaluate(exact, photographs, task="detect", name="exact")
    for name, people in [("all", 3), ("from 16 px", 3), ("from 64 px", 2)]:
        scores = result.scores["sizes"][name]
        found = [scores[key] for key in ("AP", "AP50", "AP75", "recall")]
        assert found == pytest.approx([100] * 4) and scores["people"] == people
    assert result.ap50 == pytest.approx(100) and result.recall == 100
    assert "exact: 3 photographs" in str(result) and "100.00" in str(result)


def test_false_boxes_cost_recall_only_where_they_come_too_early(photographs):
    """One a photograph is more than half a false box."""
    late = kh.evaluate(with_one_false, photographs, task="detect")
    assert late.ap50 == pytest.approx(100) and late.recall == 100
    assert results.precision.count_at(late.match(), 0.4)["false"] == 3

    def early(image):
        return with_one_false(image) * [1, 1, 1, 1, -1] + [0, 0, 0, 0, 1]

    early = kh.evaluate(early, photographs, task="detect")
    assert early.recall == 0 and 0 < early.ap50 < 60


def test_boxes_of_the_network_are_in_image_pixels(photographs):
    model = kh.PersonDetector(filters=8, stem_filters=4, image_size=64)
    result = kh.evaluate(model, photographs, task="detect", batch_size=2)
    assert len(result.detections.boxes) == 3
    for boxes in result.detections.boxes:
        assert (boxes[:, 2:] > 0).all() and (boxes[:, :2] >= 0).all()
        assert (boxes[:, :2] + boxes[:, 2:] <= (512.001, 256.001)).all()


def test_results_are_data_a_table_and_a_drawing(photographs, tmp_path):
    pytest.importorskip("pandas")
    result = kh.evaluate(with_one_false, photographs, task="detect")
    path = result.save_report(tmp_path / "report")
    data = json.loads(path.read_text())
    assert data["sizes"]["all"]["AP50"] == pytest.approx(result.ap50)
    assert (path.parent / "failures.jpg").stat().st_size > 1000
    frame = result.to_dataframe()
    row = frame[(frame["size"] == "from 64 px") & (frame["name"] == "people")]
    assert row["value"].item() == 2 and len(frame) == 15
    assert result.plot_failures(2, 2).shape == (320, 640, 3)


def test_unreadable_images_are_left_out_and_listed_when_asked_for(
    photographs, tmp_path
):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    images, readers = [*photographs.images[:2], str(broken)], [gray, gray, None]
    columns = {name: getattr(photographs, name) for name in ("sizes", "splits")}
    columns |= {"boxes": BOXES, "is_crowd": photographs.is_crowd, "readers": readers}
    photographs = Photographs(images=images, **columns)
    with pytest.raises(ValueError, match="broken.jpg"):
        kh.evaluate(exact, photographs, task="detect")
    result = kh.evaluate(exact, photographs, task="detect", broken="skip")
    assert result.scores["photographs"] == 2
    assert result.scores["sizes"]["all"]["people"] == 2
    (message,) = result.scores["unreadable"]
    assert "broken.jpg" in message and "broken.jpg" in str(result)


def test_unreadable_images_are_listed_in_the_order_of_the_photographs(
    photographs, tmp_path
):
    """Threads read ahead: a small file fails before a large one that comes first."""
    paths = [tmp_path / f"{number}.jpg" for number in range(12)]
    for number, path in enumerate(paths):
        path.write_bytes(b"no image" * (1 if number % 2 else 100_000))
    count = len(paths)
    files = Photographs(
        images=[*map(str, paths), 0],
        sizes=[(512, 256)] * (count + 1),
        splits=["val"] * (count + 1),
        boxes=[[]] * count + BOXES[:1],
        is_crowd=[[]] * count + [[False] * 2],
        readers=[None] * count + [gray],
    )
    listed = kh.evaluate(exact, files, task="detect", broken="skip")
    listed = listed.scores["unreadable"]
    assert [path.name in text for path, text in zip(paths, listed)] == [True] * count


def test_what_is_no_task_or_no_dataset_of_photographs_is_refused(photographs):
    with pytest.raises(ValueError, match="Did you mean 'detect'"):
        kh.evaluate(exact, photographs, task="detct")
    with pytest.raises(ValueError, match="must be Photographs or a dataset"):
        kh.evaluate(exact, 5, task="detect")
    with pytest.raises(ValueError, match="without a share"):
        kh.evaluate(exact, "synthetic*0.5", task="detect")


def test_sizes_are_those_of_a_photograph_of_256_pixels():
    boxes = np.array([[0, 0, 30, 60], [0, 0, 512, 1]], float)
    np.testing.assert_allclose(results.relative_sizes(boxes, (512, 300)), [30, 256])
