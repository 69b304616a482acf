"""The network of person detection: shapes, files, presets, and its inference form."""

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.models.config import DETECTOR_DEFAULTS
from keras_hourglass.models.loading import load_argument

TINY = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": (32, 48)}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2, 32, 48, 3), dtype="uint8")


@pytest.fixture(scope="module")
def lively():
    """A detector of two stacks whose weights are random, norms included."""
    keras.utils.set_random_seed(0)
    model = kh.PersonDetector(stacks=2, **TINY)
    for weight in model.weights:
        values = RANDOM.normal(0, 0.3, weight.shape)
        if weight.path.endswith("moving_variance"):
            values = RANDOM.uniform(0.5, 2, weight.shape)
        weight.assign(values)
    return model


def test_a_new_detector_is_sure_of_nobody():
    model = kh.PersonDetector(**TINY)
    maps = model.predict(IMAGES, verbose=0)
    assert maps.shape == (2, 1, 8, 12, 5) and maps.dtype == "float32"
    boxes, scores = map(keras.ops.convert_to_numpy, model.decode(maps))
    assert boxes.shape == (2, 96, 4) and scores.shape == (2, 96)  # of 8 x 12 pixels
    assert scores.max() < 0.1 and np.isfinite(boxes).all()


def test_defaults_are_those_of_the_configuration():
    model = kh.PersonDetector(**{**TINY, "filters": DETECTOR_DEFAULTS["filters"]})
    config = model.get_config()
    for name in ("stacks", "block", "blocks", "filters"):
        assert config[name] == DETECTOR_DEFAULTS[name]


def test_a_file_gives_the_same_detector(lively, tmp_path):
    lively.save(tmp_path / "detector.keras")
    loaded = kh.load_model(tmp_path / "detector.keras")
    assert type(loaded) is kh.PersonDetector
    assert loaded.get_config() == lively.get_config()
    expected = lively.predict_on_batch(IMAGES)
    np.testing.assert_allclose(loaded.predict_on_batch(IMAGES), expected, atol=1e-5)


def test_the_inference_form_gives_the_same_maps_also_from_a_file(lively, tmp_path):
    fused = kh.fuse(lively)
    assert isinstance(fused, kh.PersonDetector) and kh.fuse(fused) is fused
    expected = lively.predict_on_batch(IMAGES)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(
        fused.predict_on_batch(IMAGES), expected, atol=1e-4 * scale
    )
    fused.save(tmp_path / "fused.keras")
    loaded = kh.load_model(tmp_path / "fused.keras")
    np.testing.assert_allclose(
        loaded.predict_on_batch(IMAGES), expected, atol=1e-4 * scale
    )
    assert not [layer for layer in fused.layers if "norm" in layer.name.split("_")]


def test_labels_of_another_shape_are_refused(eager):
    model = kh.PersonDetector(**TINY)
    model.compile("adam", kh.CenterLoss(), metrics=[kh.BoxAP()])
    with pytest.raises(ValueError, match=r"\(batch, rows, 5\): x, y, width, height"):
        model.fit(IMAGES, np.zeros((2, 16, 4), "float32"), verbose=0)


def test_a_detector_is_no_pose_network(lively):
    with pytest.raises(ValueError, match="`teacher` must be a StackedHourglass"):
        load_argument(lively, "teacher")
    assert load_argument(lively, "detector", "detect") is lively


def test_the_preset_loads_at_another_size_and_finds_nobody_in_the_dark():
    assert "people" in kh.PersonDetector.presets
    with pytest.raises(ValueError, match="`name` must be .*'people'"):
        kh.PersonDetector.from_preset("peple")
    with pytest.raises(ValueError, match="`load_weights` must be False"):
        kh.PersonDetector.from_preset("people", filters=64)
    model = kh.PersonDetector.from_preset("people", image_size=64)
    maps = model(np.zeros((1, 64, 64, 3), "uint8"))
    _, scores = map(keras.ops.convert_to_numpy, model.decode(maps))
    assert scores.max() < 0.3  # nobody is in the dark
