"""Evaluation of a model: the same people by every way to name them."""

import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.datasets import synthetic
from keras_hourglass.data.mixture import DatasetSpec
from keras_hourglass.skeletons import COCO


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
    from keras_hourglass.data.batches import make_loader, validation_batches
    from keras_hourglass.evaluation.evaluator import make_preprocessor

    metric = kh.PCKh(skeleton=lively.skeleton)
    loader = make_loader(make_preprocessor(lively, people))
    for images, labels in validation_batches(loader, 5):
        metric.update_state(labels, lively.predict_on_batch(np.asarray(images)))
    assert result.pckh == pytest.approx(float(metric.result()), abs=1e-4)
    np.testing.assert_allclose([*result.per_joint.values()], metric.per_joint())


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
