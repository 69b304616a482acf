"""Evaluation of a model: the same people by every way to name them."""

import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.datasets import synthetic
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.people.mixture import DatasetSpec
from keras_hourglass.skeletons import COCO, MPII, Skeleton


@pytest.fixture(autouse=True)
def few_validate(monkeypatch):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 5)


@pytest.fixture
def everyone():
    return synthetic.load_synthetic("2")


@pytest.fixture
def people(everyone):
    return everyone[everyone.splits == "val"]


def test_people_and_datasets_by_name_give_the_same_result(lively, people):
    result = kh.evaluate(lively, people)
    assert result.name == lively.name and result.scores["joints"] == 80
    for spec in ("synthetic:2", DatasetSpec("synthetic", "2")):
        named = kh.evaluate(lively, spec, name="named")
        assert named.to_dict() == result.to_dict() and named.name == "named"
        assert named.dataset == "synthetic:2"


def test_all_splits_of_a_dataset_are_evaluated_when_asked_for(lively):
    assert len(kh.evaluate(lively, "synthetic:2", all_splits=True).people) == 7


def test_pckh_is_that_of_the_metric(lively, people):
    result = kh.evaluate(lively, people, batch_size=2)
    from keras_hourglass.data.pipeline.batches import make_loader, validation_batches
    from keras_hourglass.evaluation.predictions import make_preprocessor

    metric = kh.PCKh(skeleton=lively.skeleton)
    loader = make_loader(make_preprocessor(lively, people))
    for images, labels in validation_batches(loader, 5):
        metric.update_state(labels, lively.predict_on_batch(np.asarray(images)))
    assert result.pckh == pytest.approx(float(metric.result()), abs=1e-4)
    np.testing.assert_allclose([*result.per_joint.values()], metric.per_joint())


def test_predictions_that_are_no_numbers_are_wrong_as_for_the_metric(
    lively, people, monkeypatch
):
    """Of half of the joints, as by heatmaps that overflow."""
    from keras_hourglass.inference.runtimes.keypoints import KeypointPredictor

    result, predict = kh.evaluate(lively, people), KeypointPredictor.predict_keypoints

    def overflowing(*args):
        points, scores = map(np.array, predict(*args))
        points[:, :8], scores[:, :8] = np.nan, np.nan
        return points, scores

    monkeypatch.setattr(KeypointPredictor, "predict_keypoints", overflowing)
    partly = kh.evaluate(lively, people)
    first, others = MPII.joints[:8], MPII.joints[8:]
    assert partly.scores["joints"] == result.scores["joints"] == 80
    assert [partly.per_joint[name] for name in first] == [0] * 8
    for name in others:
        assert partly.per_joint[name] == result.per_joint[name]
    assert partly.scores["error_kinds"]["total"]["miss"]["joints"] >= 5 * 6
    missing = sum(
        kind["percent"] for kind in partly.scores["error_kinds"]["total"].values()
    )
    assert partly.pckh + missing == pytest.approx(100)
    json.dumps(partly.to_dict(), allow_nan=False)


def test_predictions_are_in_image_pixels(lively, people):
    result = kh.evaluate(lively, people)
    distance = np.linalg.norm(result.predictions.joints - people.joints, axis=-1)
    expected = distance / people.head_sizes[:, None]
    np.testing.assert_allclose(result.predictions.errors, expected, rtol=1e-3)


def test_people_of_another_skeleton_are_converted(lively, people):
    coco = people.to_skeleton(COCO)
    result = kh.evaluate(lively, coco)
    assert result.people.skeleton == lively.skeleton
    assert np.isnan(result.per_joint["head_top"])
    assert np.isfinite(result.per_joint["left_wrist"])


def test_options_reach_the_predictor(lively, people):
    plain = kh.evaluate(lively, people)
    flipped = kh.evaluate(lively, people, flip=True)
    quarter = kh.evaluate(lively, people, decoder="quarter")
    assert plain.offset != flipped.offset != quarter.offset
    assert flipped.options.flip and quarter.options.decoder == "quarter"


@pytest.mark.parametrize(
    "people, message",
    [
        (5, "must be a People or a dataset"),
        ("synthetic:2*0.5", "without a share"),
        ("synthetik:2", "Did you mean 'synthetic'"),
    ],
)
def test_what_is_not_people_is_an_error(lively, people, message):
    with pytest.raises(ValueError, match=message):
        kh.evaluate(lively, people)


def test_people_without_labels_are_an_error(lively, people):
    with pytest.raises(ValueError, match="0 people with none of"):
        kh.evaluate(lively, people[:0])


def test_a_report_shows_the_options_and_the_split(lively, people, tmp_path):
    page = kh.evaluate(lively, people, flip=True).save_report(tmp_path / "report")
    text = page.read_text(encoding="utf-8")
    for entry in ("<dt>flip test</dt><dd>on", "<dt>split</dt><dd>val", "Calibration"):
        assert entry in text
    assert (page.parent / "report.json").is_file()


def test_unreadable_images_are_listed(lively, people, noise, tmp_path):
    broken = kh.load_dataset("crops", noise)
    broken = broken[broken.splits == "val"]
    path = tmp_path / "broken.png"
    path.write_bytes(b"no image")
    broken.images[0] = str(path)
    result = kh.evaluate(lively, broken, broken="skip")
    assert len(result.scores["unreadable"]) == 1
    assert result.scores["people"] == 6 and "1 images could not be read" in str(result)
    areas = replace(broken, areas=np.full(len(broken), 500.0))
    assert kh.evaluate(lively, areas, broken="skip").scores["oks"]["people"] == 6


@pytest.mark.parametrize("option", [{"flip": True}, {"decoder": "argmax"}])
def test_options_of_poses_are_refused_for_boxes(option):
    with pytest.raises(ValueError, match="go with the task 'pose'"):
        kh.evaluate("people", "synthetic:4", task="detect", **option)


FOX = Skeleton(("snout", "left_ear", "right_ear", "tail_tip"))


@pytest.fixture
def foxes(tmp_path):
    """Five foxes, of which every second has a box."""
    rng, rows = np.random.default_rng(0), []
    for number in range(5):
        path = str(tmp_path / f"{number}.png")
        cv2.imwrite(path, rng.integers(0, 256, (60, 80, 3), dtype="uint8"))
        joints = rng.uniform(10, 50, (4, 2))
        row = {"image": path, "joints": joints, "weights": (1, 1, 1, number > 1)}
        row |= {"center": (30, 30), "side": 60}
        rows.append({**row, "box_size": (50, 40)} if number % 2 else row)
    return from_rows(FOX, rows)


def test_without_a_head_errors_are_in_the_longer_side_of_the_box(foxes):
    network = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": 32}
    model = kh.StackedHourglass(1, skeleton=FOX, **network)
    result = kh.evaluate(model, foxes)
    sides = np.array(
        [
            50 if number % 2 else np.ptp(joints[weights > 0], axis=0).max()
            for number, (joints, weights) in enumerate(
                zip(foxes.joints, foxes.weights, strict=True)
            )
        ]
    )
    distance = np.linalg.norm(result.predictions.joints - foxes.joints, axis=-1)
    errors = np.where(foxes.weights > 0, distance / sides[:, None], np.nan)
    np.testing.assert_allclose(result.predictions.errors, errors, rtol=1e-3)
    for threshold in (0.05, 0.1, 0.2):
        means = result.scores["thresholds"][str(threshold)]["means"]
        correct = 100 * (errors <= threshold).sum() / np.isfinite(errors).sum()
        assert means["mean_by_count"] == pytest.approx(correct)
    metric = kh.PCKh(skeleton=FOX)
    for images, labels in foxes.batches(model, backend="jax"):
        metric.update_state(labels, model.predict_on_batch(np.asarray(images)))
    assert result.pckh == pytest.approx(float(metric.result()), abs=1e-4)
    assert repr(result).endswith(f"pck={result.pckh:.2f})")


def test_a_report_without_a_head_names_no_part_of_a_human(foxes, tmp_path):
    network = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": 32}
    result = kh.evaluate(kh.StackedHourglass(1, skeleton=FOX, **network), foxes)
    page = result.save_report(tmp_path / "report").read_text(encoding="utf-8")
    text = re.sub(r"<style.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    for absent in ("limbs", "PCKh", "head", "pelvis", "thorax", "torso", "all_joints"):
        assert absent not in text
    for present in ("PCK@0.1", "lowest PCK ", "longer side of the box", "tail tip"):
        assert present in text
    data = json.loads((tmp_path / "report/report.json").read_text())
    (report,) = data["models"].values()
    assert report["curve"]["thresholds"][-1] == 0.2 and report["torso"] is None
    assert report["oks"]["sigmas"] == "a sigma of 0.1 for every joint"
    assert report["oks"]["estimated_areas"] == 5
