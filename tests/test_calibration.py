"""Calibration of scores: a number worked by hand, fits, and the same in every file."""

import json
import math
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
from keras import ops

import keras_hourglass as kh
from keras_hourglass import PoseEstimator, StackedHourglass, export_model, load_model
from keras_hourglass.data import datasets
from keras_hourglass.evaluation.calibration import calibration as bins_of
from keras_hourglass.evaluation.calibration import fit_peaks
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.calibration import calibrate, validate_calibration
from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.inference.runtimes.metadata import read_metadata
from keras_hourglass.models.presets import PRESETS
from keras_hourglass.models.weights import weights_path
from keras_hourglass.training.fine_tuning import network_config
from keras_hourglass.training.recipes import RECIPES

SIZE = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
CALIBRATION = (3.8, -2.1)
PEAKS = np.array([-7.0, 0, 0.1, 0.5, 0.9, 0.99, 1.5], "float32")


def test_a_score_worked_by_hand():
    """A peak of 0.5, (2, -1): odds of exp(2 ln 2 - 1) = 4 / e."""
    score = calibrate(np.array(0.5), (2.0, -1.0), NUMPY)
    assert score == pytest.approx(4 / (4 + math.e))
    assert calibrate(np.array(0.0), (2.0, 0.0), NUMPY) == 0.5


def test_scores_grow_with_peaks_from_0_to_1():
    scores = calibrate(np.linspace(0, 0.99, 100), CALIBRATION, NUMPY)
    assert (np.diff(scores) > 0).all() and 0 < scores[0] < scores[-1] < 1
    low, *_, high, beyond = calibrate(PEAKS, CALIBRATION, NUMPY)
    assert low == pytest.approx(scores[0]) and high == beyond
    assert np.isnan(calibrate(np.array([np.nan]), CALIBRATION, NUMPY)).all()


def test_tensors_give_what_arrays_do():
    expected = calibrate(PEAKS, CALIBRATION, NUMPY)
    assert expected.dtype == "float32"
    scores = ops.convert_to_numpy(calibrate(ops.array(PEAKS), CALIBRATION))
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    unknown = calibrate(ops.array([float("nan")]), CALIBRATION)
    assert np.isnan(ops.convert_to_numpy(unknown)).all()


def test_without_a_calibration_peaks_are_the_scores():
    assert calibrate(PEAKS, None, NUMPY) is PEAKS


@pytest.mark.parametrize(
    "wrong", [3, "ab", (1,), (1, 2, 3), (0, 1), (-1, 2), (math.nan, 0), (1, math.inf)]
)
def test_a_wrong_calibration_says_what_it_must_be(wrong):
    with pytest.raises(ValueError, match=r"`calibration` must be two finite numbers"):
        validate_calibration(wrong)
    with pytest.raises(ValueError, match="Received: calibration="):
        StackedHourglass(**SIZE, calibration=wrong)


@pytest.fixture(scope="module")
def judged():
    """Peaks of joints, and their errors: correct as often as (4, -2) says."""
    rng = np.random.default_rng(0)
    peaks = rng.uniform(-0.1, 1.05, (400, 16))
    correct = rng.uniform(size=peaks.shape) < calibrate(peaks, (4, -2), NUMPY)
    errors = np.where(correct, 0.3, 0.8)
    errors[:, 3] = np.nan  # not labeled: to be ignored
    return peaks, errors


def test_a_fit_finds_the_parameters_and_its_bins_are_near_the_rates(judged):
    fit = fit_peaks(*judged, 0.5)
    np.testing.assert_allclose(fit.calibration, (4, -2), atol=0.2)
    assert fit.joints == 6000 and 3000 < fit.correct < 6000
    assert fit.fitted < 5 and fit.cross_validated < 7 < 10 < fit.of_peaks
    slope, intercept = fit.calibration
    assert f"slope {slope:g}, intercept {intercept:g}, fitted to 6,000" in str(fit)


def test_all_rows_of_a_person_are_in_the_same_half(judged):
    """Else people in two kinds of boxes would be fitted to and judged by."""
    twice = [np.concatenate([part, part]) for part in judged]
    rows = np.arange(len(judged[0]))
    fit = fit_peaks(*twice, 0.5, persons=np.concatenate([rows, rows]))
    once = fit_peaks(*judged, 0.5).cross_validated
    assert fit.cross_validated == pytest.approx(once, abs=0.02)
    assert abs(fit_peaks(*twice, 0.5).cross_validated - once) > 0.05


def test_a_fit_is_that_of_platt(judged):
    """The gradient of the likelihood of Platt's targets is 0."""
    peaks, errors = judged
    slope, intercept = fit_peaks(peaks, errors, 0.5).calibration
    labeled = ~np.isnan(errors)
    correct = errors[labeled] < 0.5
    x = -np.log(1 - peaks[labeled].clip(0, 0.99))
    n, hits = len(correct), correct.sum()
    targets = np.where(correct, (hits + 1) / (hits + 2), 1 / (n - hits + 2))
    rest = 1 / (1 + np.exp(-slope * x - intercept)) - targets
    assert abs(rest.mean()) < 1e-4 and abs((rest * x).mean()) < 1e-4


def test_peaks_that_tell_all_joints_apart_have_a_finite_fit():
    peaks = np.repeat([[0.2], [0.8]], 50, 0)
    fit = fit_peaks(peaks, np.where(peaks > 0.5, 0, 1), 0.5)
    assert np.isfinite(fit.calibration).all() and fit.calibration[0] > 0


def test_a_half_that_cannot_be_fitted_leaves_the_fit_without_cross_validation():
    """All joints of one of the two people are correct."""
    peaks, errors = np.array([[0.2, 0.8], [0.5, 0.6]]), [[0.9, 0.1], [0.1, 0.1]]
    fit = fit_peaks(peaks, np.array(errors), 0.5)
    assert fit.calibration[0] > 0 and np.isnan(fit.cross_validated)


@pytest.mark.parametrize(
    "errors, says",
    [
        ([[0.1], [0.9], [0.1], [0.9]], "4 joints, 2 of them correct"),
        ([[0.1]] * 4, "4 joints, 4 of them correct"),
        ([[np.nan]] * 4, "0 joints, 0 of them correct"),
    ],
)
def test_peaks_that_say_nothing_cannot_be_calibrated(errors, says):
    peaks = np.array([[0.2], [0.8], [0.3], [0.9]])
    with pytest.raises(ValueError, match=f"`peaks` must be higher .*Received: {says}"):
        fit_peaks(peaks, np.array(errors), 0.5)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return StackedHourglass(**SIZE, calibration=[4, -2])


def test_files_keep_the_calibration(network, tmp_path):
    assert network.calibration == (4.0, -2.0)
    network.save(tmp_path / "a.keras")
    assert load_model(tmp_path / "a.keras").calibration == (4, -2)
    fused = kh.fuse(network)
    fused.save(tmp_path / "fused.keras")
    assert load_model(tmp_path / "fused.keras").calibration == (4, -2)
    network.save_to_preset(tmp_path / "preset")
    for changes, expected in [({}, (4, -2)), ({"calibration": (2, 1)}, (2, 1))]:
        made = StackedHourglass.from_preset(str(tmp_path / "preset"), **changes)
        assert made.calibration == expected


def test_it_can_be_set_and_taken_away(network, tmp_path):
    model = StackedHourglass.from_config(network.get_config())
    model.calibration = (1, 0.5)
    model.save(tmp_path / "a.keras")
    assert load_model(tmp_path / "a.keras").calibration == (1, 0.5)
    model.calibration = None
    assert model.get_config()["calibration"] is None
    with pytest.raises(ValueError, match="the slope above 0"):
        model.calibration = (-1, 0)


def test_files_of_versions_before_have_none(network, tmp_path):
    config = network.get_config()
    del config["calibration"]
    assert StackedHourglass.from_config(config).calibration is None
    network.save_to_preset(tmp_path / "preset")
    path = tmp_path / "preset/config.json"
    content = json.loads(path.read_text())
    del content["config"]["calibration"]
    path.write_text(json.dumps(content))
    for given in ({}, {"calibration": (2, 1)}):
        made = StackedHourglass.from_preset(str(tmp_path / "preset"), **given)
        assert made.calibration == given.get("calibration")


def test_fine_tuning_leaves_it_out(network):
    assert "calibration" not in network_config(network)


def test_training_takes_it_away(network):
    model = StackedHourglass.from_config(network.get_config())
    model.compile("sgd", kh.HeatmapLoss())
    model.train_on_batch(np.zeros((1, 32, 32, 3)), np.ones((1, 16, 4)))
    assert model.calibration is None


def test_that_of_a_preset_comes_with_its_weights(network, tmp_path, monkeypatch):
    photo = replace(PRESETS["photo"], calibration=(4.0, -2.0))
    monkeypatch.setitem(PRESETS, "photo", photo)
    network.save_to_preset(tmp_path / "preset")
    for name in ("photo", str(tmp_path / "preset")):
        make = partial(StackedHourglass.from_preset, name)
        assert make().calibration == (4, -2)
        assert make(calibration=None).calibration is None
        assert make(load_weights=False).calibration is None
        assert make(load_weights=False, calibration=(2, 1)).calibration == (2, 1)


def test_no_recipe_gives_a_new_network_one():
    assert not any("calibration" in recipe.network for recipe in RECIPES.values())


@pytest.mark.parametrize("name", [n for n in PRESETS if PRESETS[n].litert])
def test_that_of_a_packaged_file_is_the_presets(name):
    preset = PRESETS[name]
    packaged = read_metadata(weights_path(preset.litert))["calibration"]
    assert packaged == (preset.calibration and [*preset.calibration])


def test_the_limit_of_joints_is_that_of_calibrated_scores(network):
    limits = [
        PoseEstimator(model, detector=None, **given).min_joint_score
        for model in (network, uncalibrated(network))
        for given in ({}, {"min_joint_score": 0.1})
    ]
    assert limits == [0.5, 0.1, 0.4, 0.1]


@pytest.fixture(scope="module")
def calibrated(lively):
    """A copy of `lively` with a calibration; most of its peaks are from 0 to 1."""
    model = StackedHourglass.from_config(lively.get_config())
    model.set_weights(lively.get_weights())
    head = model.get_layer("stack_1_heatmaps")
    noise = np.random.default_rng(0).integers(0, 256, (8, 64, 48, 3), "uint8")
    highest = model.predict_on_batch(noise).max()
    head.kernel.assign(head.kernel * 0.5 / highest)
    model.calibration = CALIBRATION
    return model


def uncalibrated(model):
    plain = StackedHourglass.from_config({**model.get_config(), "calibration": None})
    plain.set_weights(model.get_weights())
    return plain


@pytest.mark.parametrize("flip", [False, True])
def test_the_estimator_calibrates_scores_and_no_window(calibrated, photographs, flip):
    """Of one person in two passes: the window of the second is by peaks."""
    options = {"detector": None, "flip": flip, "runtime": "keras"}
    found, plain = (
        [pose for (pose,) in PoseEstimator(model, **options)(photographs[0][:6])]
        for model in (calibrated, uncalibrated(calibrated))
    )
    for ours, theirs in zip(found, plain):
        np.testing.assert_allclose(ours.joints, theirs.joints)
        np.testing.assert_allclose(ours.peaks, theirs.scores)
        expected = calibrate(theirs.scores, CALIBRATION, NUMPY)
        np.testing.assert_allclose(ours.scores, expected)
        assert np.ptp(ours.scores) > 0.05


def test_the_limit_of_poses_is_that_of_calibrated_scores(calibrated, photographs):
    for model, limit in [(calibrated, 0.3), (uncalibrated(calibrated), 0.2)]:
        estimator = PoseEstimator(model, detector=lambda image: [[0, 0, 9, 9]])
        (pose,) = estimator(photographs[0][0], boxes=[[0, 0, 40, 60]])
        low, high = (
            kh.Pose(pose.joints, np.full(16, limit + d), pose.box, pose.skeleton)
            for d in (-0.01, 0.01)
        )
        assert estimator.suppress([low]) == [] and estimator.suppress([high]) == [high]


@pytest.fixture(scope="module")
def exported(calibrated, photographs, tmp_path_factory):
    """Exports to a format, once."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("`export` needs TensorFlow")
    folder, files = tmp_path_factory.mktemp("exported"), {}

    def export(runtime):
        for package in (
            *RUNTIMES[runtime].packages,
            *{"onnx": ["tf2onnx"]}.get(runtime, []),
        ):
            pytest.importorskip(package)
        if runtime not in files:
            options = {"detector": None} if runtime == "savedmodel" else {}
            crops = {"crops": photographs[1]}
            (result,) = export_model(calibrated, folder, runtime, **crops, **options)
            files[runtime] = result.path
        return files[runtime]

    return export


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("runtime", [name for name in RUNTIMES if name != "keras"])
def test_scores_of_every_runtime_are_those_of_keras(
    runtime, flip, exported, calibrated, photographs
):
    path = exported(runtime)
    assert read_metadata(path)["calibration"] == [*CALIBRATION]
    ours, theirs = (
        RUNTIMES[name].make_predictor(network, flip, (1.0,), "dark")
        for name, network in [
            (runtime, PoseEstimator(path, detector=None).model),
            ("keras", calibrated),
        ]
    )
    crops = photographs[1][:, None]
    peaks = ours.predict_keypoints(crops)[1], theirs.predict_keypoints(crops)[1]
    scores = [calibrate(each, CALIBRATION, NUMPY) for each in peaks]
    np.testing.assert_allclose(*scores, atol=1e-4)
    if not flip:  # what another program reads
        own = RUNTIMES[runtime](path)(photographs[1])["scores"]
        np.testing.assert_allclose(own, scores[1], atol=1e-4)


def test_poses_of_a_file_are_calibrated(exported, calibrated, photographs):
    estimator = PoseEstimator(exported("litert"), detector=None)
    assert estimator.model.calibration == CALIBRATION
    (pose,) = estimator(photographs[0][0])
    expected = calibrate(pose.peaks, CALIBRATION, NUMPY)
    np.testing.assert_allclose(pose.scores, expected)


def test_a_saved_model_calibrates_what_it_answers(exported, calibrated, photographs):
    import tensorflow as tf

    served = tf.saved_model.load(exported("savedmodel")).signatures
    paths = photographs[0][:3]
    data = tf.constant([path.read_bytes() for path in paths])
    answer = served["serving_default"](image_bytes=data)
    poses = PoseEstimator(calibrated, detector=None, runtime="keras")(paths)
    expected = np.stack([pose.scores for (pose,) in poses])
    np.testing.assert_allclose(
        answer["scores"], expected, atol=0.01
    )  # crops are rounded


def test_an_uncalibrated_network_is_described_so_in_every_format(lively):
    from keras_hourglass.export.metadata import describe_model, to_strings
    from keras_hourglass.inference.runtimes.metadata import _from_strings

    facts = describe_model(lively, "dark")
    assert facts["calibration"] is None
    assert _from_strings(to_strings(facts)) == facts


def test_an_evaluation_fits_to_peaks_whatever_the_calibration(calibrated, drawn):
    plain, again = (
        kh.evaluate(model, drawn[:12])
        for model in (uncalibrated(calibrated), calibrated)
    )
    np.testing.assert_allclose(again.predictions.peaks, plain.predictions.scores)
    expected = calibrate(plain.predictions.scores, CALIBRATION, NUMPY)
    np.testing.assert_allclose(again.predictions.scores, expected)
    assert again.pckh == plain.pckh


def test_a_file_of_predictions_has_no_peaks():
    from keras_hourglass.evaluation.predictions import Predictions
    from keras_hourglass.evaluation.results import Evaluation
    from keras_hourglass.skeletons import MPII

    empty = Predictions(np.zeros((1, 16, 2)), np.zeros((1, 16)))
    with pytest.raises(
        ValueError, match="not of given joints or a file.* Received: a.mat"
    ):
        Evaluation("a.mat", MPII, empty).fit_calibration()


def test_photo_is_calibrated_within_10_points_in_every_bin(shared):
    """Also on people that it was not fitted to: half of MPII's and COCO's each."""
    results = []
    for name in ("mpii_crops384", "coco_people"):
        people = datasets.load_dataset("crops", shared / name, split="val")
        results.append(kh.evaluate("photo", people).predictions)
    peaks, errors = (
        np.concatenate([getattr(each, name) for each in results])
        for name in ("peaks", "errors")
    )
    fit = fit_peaks(peaks, errors, 0.5)
    assert fit.fitted < 10 and fit.cross_validated < 10 < fit.of_peaks
    scores = calibrate(peaks, fit.calibration, NUMPY)
    held = bins_of(scores, errors, np.ones((1, len(errors)), "f4"), 0.5)
    assert held["error"] < 3
