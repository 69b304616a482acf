"""Export of person detectors, and detection by the files."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass import PersonDetector, StackedHourglass, export_model, load_model
from keras_hourglass.export.box_verification import BOX_LIMITS, SURE_SCORE, BoxReference
from keras_hourglass.export.crops import (
    load_crops,
    packaged_crops,
    photograph_crops,
)
from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.inference.runtimes.exported import ExportedFile, ExportedNetwork
from keras_hourglass.inference.runtimes.metadata import read_metadata
from keras_hourglass.inference.runtimes.selection import load_detector_network
from keras_hourglass.models.presets import DETECTOR_PRESETS
from keras_hourglass.models.weights import weights_path

CROPS = np.random.default_rng(0).integers(0, 256, (6, 64, 96, 3), "uint8")
FORMATS = {"litert": (), "onnx": ("tf2onnx", "onnxruntime"), "openvino": ("openvino",)}


@pytest.fixture(scope="module")
def detector(lively_detector):
    return lively_detector


@pytest.fixture(scope="module")
def expected(detector):
    boxes, scores = detector.decode(detector.predict_on_batch(CROPS))
    boxes, scores = np.asarray(boxes), np.asarray(scores)
    assert 6 <= (scores > 0.3).sum() < 300
    return boxes, scores


def test_a_detector_is_verified_on_the_photographs_of_a_dataset(detector):
    photographs = kh.load_photographs("synthetic", 6)
    validation = photographs.split("val")
    for dataset, name in [("synthetic:6", "synthetic:6"), (photographs, "`dataset`")]:
        crops, described = load_crops(detector, dataset=dataset)
        assert described == f"{len(crops)} photographs of {name}"
        assert crops.shape[1:] == (64, 96, 3) and crops.std() > 10
        assert len(crops) == min(96, len(validation))


def test_a_format_of_poses_is_not_written_for_a_detector(detector, tmp_path):
    results = export_model(detector, tmp_path, ["savedmodel", "litert"], crops=CROPS)
    written, refused = results
    assert written.format == "litert" and written.reason is None
    assert refused.reason == "not for networks of the task 'detect'"
    assert results.failed == [refused]


@pytest.mark.parametrize("name", FORMATS)
def test_boxes_of_a_file_are_the_detectors(name, detector, expected, tmp_path):
    for package in FORMATS[name]:
        pytest.importorskip(package)
    (result,) = export_model(detector, tmp_path, name, crops=CROPS)
    assert result.path.stem == "detector" and result.max_error < 0.01
    about = read_metadata(result.path)
    assert about["task"] == "detect" and "joints" not in about
    assert about["image_size"] == [64, 96] and about["heatmap_size"] == [16, 24]
    runtime, loaded = load_detector_network(str(result.path))
    assert runtime == name
    assert loaded.input_size == (96, 64) and loaded.heatmap_size == (24, 16)
    boxes, scores = loaded.predict_boxes(CROPS.astype("float32") + 0.3)
    np.testing.assert_allclose(scores, expected[1], atol=1e-4)
    sure = expected[1] > 0.3
    np.testing.assert_allclose(boxes[sure], expected[0][sure], atol=2e-3)


def test_boxes_of_a_file_are_in_pixels_of_its_crops(detector, expected, tmp_path):
    (result,) = export_model(detector, tmp_path, "litert", crops=CROPS)
    found = RUNTIMES["litert"](result.path)(CROPS)
    x, y, width, height = np.moveaxis(expected[0], -1, 0)
    # A heatmap pixel is four pixels: the first pixel of heatmap pixel k is 4k.
    pixels = np.stack([4 * (x + 0.5) - 0.5, 4 * (y + 0.5) - 0.5], -1)
    sure = expected[1] > 0.3
    middle = found["boxes"][..., :2] + (found["boxes"][..., 2:] - 1) / 2
    own = pixels + (np.stack([4 * width, 4 * height], -1) - 4) / 2
    np.testing.assert_allclose(middle[sure], own[sure], atol=0.01)
    np.testing.assert_allclose(found["boxes"][..., 2][sure], 4 * width[sure], atol=0.01)


def test_boxes_are_compared_with_the_nearest(detector, expected):
    reference = BoxReference(detector, CROPS)

    def run(change):
        numbers = iter(range(len(CROPS)))

        def answer(crops):
            number = next(numbers)
            boxes, scores = reference.boxes[number], reference.scores[number]
            boxes, scores = change(boxes.copy(), scores.copy())
            return {"boxes": boxes[None], "scores": scores[None]}

        return reference.measure(answer)

    assert run(lambda boxes, scores: (boxes, scores)) == (0, 0, 0, 0)
    moved = run(lambda boxes, scores: (boxes + (0.5, 0, 0, 0), scores))
    np.testing.assert_allclose(moved, (0, 0.5, 0.5, 0.5), atol=1e-5)
    lost = run(lambda boxes, scores: (boxes, scores * 0))
    assert lost == run(lambda boxes, scores: (boxes, scores * np.nan))
    assert lost == (1, 96, 96, 96)
    more = run(lambda boxes, scores: (boxes - 500, np.ones_like(scores)))
    assert more.moved == 1
    half = run(lambda boxes, scores: (boxes, scores * 0.6))
    assert half == (0, 0, 0, 0)


def test_a_detector_that_is_sure_of_nothing_is_compared_all_the_same(caplog):
    model = PersonDetector(filters=8, stem_filters=4, depth=1, image_size=32)
    reference = BoxReference(model, CROPS[:, :32, :32])
    assert "is the network trained?" in caplog.text
    assert (reference.scores >= reference.sure_score).any()


def test_formats_for_poses_alone_are_left_out_or_refused(detector, tmp_path):
    with pytest.raises(ValueError, match="task 'detect': litert.*Received: web"):
        export_model(detector, tmp_path, "web", crops=CROPS)
    assert not [*tmp_path.iterdir()]


def test_a_file_for_another_task_is_refused(detector, tmp_path):
    (result,) = export_model(detector, tmp_path, "litert", crops=CROPS)
    with pytest.raises(ValueError, match="task 'pose'. Received: one for 'detect'"):
        ExportedNetwork.read(result.path)
    pose = StackedHourglass(1, filters=4, stem_filters=2, depth=1, image_size=32)
    crops = CROPS[:, :32, :32]
    (result,) = export_model(pose, tmp_path, "litert", crops=crops)
    with pytest.raises(ValueError, match="task 'detect'. Received: one for 'pose'"):
        ExportedFile.read(result.path)


def test_photographs_are_verified_on_as_a_whole(tmp_path):
    path = tmp_path / "wide.png"
    cv2.imwrite(str(path), np.full((48, 96, 3), 200, "uint8"))
    model = PersonDetector(filters=8, stem_filters=4, depth=1, image_size=32)
    (crop,) = photograph_crops([path], model)
    assert crop.shape == (32, 32, 3) and crop.dtype == "uint8"
    assert (crop[8:24] == 200).all() and not crop[:8].any() and not crop[24:].any()


@pytest.mark.parametrize("name", DETECTOR_PRESETS)
def test_the_packaged_litert_file_is_the_network(name):
    model = load_model(name)
    reference = BoxReference(model, packaged_crops(model)[:15])
    assert reference.sure_score == SURE_SCORE
    path = weights_path(DETECTOR_PRESETS[name].litert)
    error, limit = reference.measure(RUNTIMES["litert"](path)), BOX_LIMITS["float16"]
    assert error.moved <= limit.moved and error.median <= limit.median


def test_people_are_detected_without_keras_and_tensorflow():
    pytest.importorskip("ai_edge_litert")
    code = """if True:
        import sys
        import numpy as np
        from keras_hourglass.inference.runtimes import selection

        selection.has_nvidia_gpu = lambda: False
        name, detector = selection.load_detector_network("people")
        width, height = detector.input_size
        boxes, scores = detector.predict_boxes(np.zeros((2, height, width, 3)))
        assert name == "litert" and boxes.shape == (2, 128, 4)
        assert scores.shape == (2, 128)
        assert not {"keras", "tensorflow"} & sys.modules.keys()
    """
    subprocess.run([sys.executable, "-c", code], check=True)
