"""Export to SavedModel."""

import json
import subprocess
import sys

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from keras_hourglass import (
    PoseEstimator,
    StackedHourglass,
    export_model,
    load_detector,
    load_model,
)
from keras_hourglass.data.datasets.synthetic.scene import draw_image
from keras_hourglass.export import exporter, saved_model
from keras_hourglass.export.saved_model.signatures import Signatures
from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.inference.runtimes.metadata import read_metadata
from keras_hourglass.inference.suppression import MAX_PEOPLE
from keras_hourglass.models.fusion.network import fuse

SMALL = {"stacks": 1, "filters": 16, "stem_filters": 4, "depth": 2}
BOXES = [[20, 9, 101, 80], [350, -40, 90, 400], [0.25, -7, 9, 8]]
CROPS = np.random.default_rng(0).integers(0, 256, (3, 64, 48, 3), "uint8")
SIGNATURES = {"serving_default", "serve_boxes", "serve_crops", "serve_people"}


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    model = StackedHourglass(image_size=(64, 48), offset=(0.3, -0.2), **SMALL)
    random = np.random.default_rng(0)
    for weight in model.weights:  # new blocks are the identity, which tests nothing
        if "kernel" in weight.path:
            scale = 2 / np.sqrt(np.prod(weight.shape[:-1]))
            weight.assign(random.normal(0, scale, weight.shape))
    return model


@pytest.fixture(scope="module")
def detector(lively_detector):
    return lively_detector


@pytest.fixture(scope="module")
def version(network, detector, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "people"
    (result,) = export_model(network, folder, crops=CROPS, detector=detector)
    return result.path


@pytest.fixture(scope="module")
def served(version):
    return tf.saved_model.load(version).signatures


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Paths of images of several kinds and sizes."""
    folder = tmp_path_factory.mktemp("images")
    for index, (width, height) in enumerate([(192, 150), (700, 333), (1, 1)]):
        pixels = cv2.resize(draw_image(1, index)[0], (width, height))
        cv2.imwrite(str(folder / f"{index}.{'png' if index else 'jpg'}"), pixels)
    return sorted(folder.iterdir())


def contents(paths):
    return tf.constant([path.read_bytes() for path in paths])


def compare(served, model, paths, boxes=None):
    """Asserts that keypoints and scores are those of `PoseEstimator`."""
    if boxes is None:
        answer = served["serving_default"](image_bytes=contents(paths))
    else:
        rows = tf.constant(boxes, "float32")
        answer = served["serve_boxes"](image_bytes=contents(paths), boxes=rows)
    poses = [pose for (pose,) in PoseEstimator(model, detector=None)(paths, boxes)]
    assert answer["keypoints"].dtype == answer["scores"].dtype == tf.float32
    joints = [pose.joints for pose in poses]
    np.testing.assert_allclose(answer["keypoints"], joints, atol=0.05)
    scores = [pose.scores for pose in poses]
    np.testing.assert_allclose(answer["scores"], scores, rtol=1e-3)


def test_keypoints_are_the_estimators(served, network, images):
    compare(served, network, images)
    compare(served, network, images, BOXES)


def test_keypoints_on_photographs_are_the_estimators(served, network, shared):
    paths = sorted((shared / "fixtures/coco_cc_by/images").glob("*.jpg"))
    compare(served, network, paths)
    compare(served, network, paths, [[30.5, 20.25, 211, 300 + i] for i in range(15)])


def test_keypoints_of_trained_weights_on_photographs_are_the_estimators(shared):
    model = load_model("photo_small")
    signatures = Signatures(fuse(model), model, saved_model.MAX_PIXELS, DEFAULT_DECODER)
    paths = sorted((shared / "fixtures/coco_cc_by/images").glob("*.jpg"))
    compare(signatures.graphs, model, paths)


def compare_people(served, model, detector, paths):
    """Asserts that people are those of `PoseEstimator`; returns their numbers."""
    detector = load_detector(detector, runtime="keras")
    answer = served["serve_people"](image_bytes=contents(paths))
    answer = {name: value.numpy() for name, value in answer.items()}
    estimator = PoseEstimator(model, runtime="keras", detector=detector)
    for index, poses in enumerate(estimator(paths)):
        people, rest = slice(len(poses)), slice(len(poses), None)
        row = {name: value[index] for name, value in answer.items()}
        assert row.pop("count") == len(poses)
        assert not any(values[rest].any() for values in row.values())
        assert row["keypoints"].shape == (MAX_PEOPLE, 16, 2)
        names = {"boxes": "box", "box_scores": "box_score"}
        names |= {"keypoints": "joints", "scores": "scores"}
        for name, attribute in names.items():
            expected = [getattr(pose, attribute) for pose in poses]
            expected = np.reshape(expected, row[name][people].shape)
            np.testing.assert_allclose(
                row[name][people], expected, rtol=1e-3, atol=0.05, err_msg=name
            )
    return answer["count"]


def test_everyone_is_the_estimators(served, network, detector, images):
    counts = compare_people(served, network, detector, images)
    assert counts.max() > 3


def test_everyone_on_photographs_is_the_estimators(shared):
    model, detector = load_model("photo_small"), load_model("people")
    options = saved_model.MAX_PIXELS, DEFAULT_DECODER, fuse(detector)
    signatures = Signatures(fuse(model), model, *options)
    paths = sorted((shared / "fixtures/coco_cc_by/images").glob("*.jpg"))
    assert compare_people(signatures.graphs, model, detector, paths).sum() > 30


@pytest.mark.parametrize("part", ["detector", "network"])
def test_nan_of_detector_or_network_fails_in_serve_people(part, detector, images):
    parts = {"network": StackedHourglass(image_size=(64, 48), **SMALL)}
    parts["detector"] = detector.from_config(detector.get_config())
    parts["detector"].set_weights(detector.get_weights())
    bias = parts[part].get_layer("stack_1_heatmaps").bias
    bias.assign(np.full(bias.shape, np.nan))
    options = saved_model.MAX_PIXELS, DEFAULT_DECODER, parts["detector"]
    graphs = Signatures(parts["network"], parts["network"], *options).graphs
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"The {part} has"):
        graphs["serve_people"](image_bytes=contents(images[:1]))


def test_without_a_detector_there_is_no_signature_for_everyone(network, tmp_path):
    saved_model.write(network, tmp_path / "1", detector=None)
    served = tf.saved_model.load(tmp_path / "1").signatures
    assert {*served} == SIGNATURES - {"serve_people"}
    assert "detector" not in read_metadata(tmp_path / "1")


def test_crops_have_heatmaps_and_keypoints_in_their_own_pixels(served, network):
    answer = served["serve_crops"](crops=tf.constant(CROPS))
    expected = network.predict_on_batch(CROPS)[:, -1]
    height = np.abs(expected).max()  # thousands, in a network of random weights
    np.testing.assert_allclose(answer["heatmaps"], expected, atol=1e-5 * height)
    points, scores = decode(answer["heatmaps"], network.offset)
    np.testing.assert_allclose(answer["keypoints"], 4 * points + 1.5, atol=1e-3)
    np.testing.assert_allclose(answer["scores"], scores)
    assert answer["scores"].shape == (3, 16)


def test_an_empty_request_has_an_empty_answer(served):
    answer = served["serving_default"](image_bytes=tf.constant([], tf.string))
    assert answer["keypoints"].shape == (0, 16, 2) and answer["scores"].shape == (0, 16)
    answer = served["serve_people"](image_bytes=tf.constant([], tf.string))
    assert answer["keypoints"].shape == (0, MAX_PEOPLE, 16, 2)
    assert answer["count"].shape == (0,)


@pytest.mark.parametrize(
    "boxes, message",
    [
        ([[0, 0, 0, 9]], "for image] [0]"),
        ([[0, 0, np.nan, 9]], "`boxes` must be x, y, width, height"),
        ([[np.inf, 0, 5, 9]], "`boxes` must be"),
        ([[192, 0, 5, 9]], "and overlap the image"),
        ([[0, 0.5, 0.5, 1]], "normalized coordinates"),
        ([[0, 0, 5, 9]] * 2, "[2] [boxes,] [1] [images]"),
    ],
)
def test_impossible_boxes_fail_their_request_alone(served, images, boxes, message):
    inputs = {"image_bytes": contents(images[:1])}
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        served["serve_boxes"](**inputs, boxes=tf.constant(boxes, tf.float32))
    assert message in str(caught.value)
    answer = served["serve_boxes"](**inputs, boxes=tf.constant([[0.0, 0, 9, 9]]))
    assert np.isfinite(answer["keypoints"]).all()


def test_a_version_describes_itself(version, network):
    facts = json.loads((version / "assets/about.json").read_text())
    assert facts == read_metadata(version)
    assert facts["joints"] == list(network.skeleton.joints)
    assert facts["limbs"] == [list(limb) for limb in network.skeleton.limbs]
    assert facts["image_size"] == [64, 48] and facts["license"] == "Apache-2.0"
    assert {*facts["signatures"]} == SIGNATURES
    assert facts["detector"]["task"] == "detect"
    assert facts["detector"]["limits"]["max_people"] == MAX_PEOPLE


def test_signatures_carry_their_documentation(version):
    saved = SavedModel.FromString((version / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    texts = [function.signature.description for function in functions]
    texts = [text for text in texts if "The joints, in order: right_ankle" in text]
    assert len(texts) == 4 and any("EXIF" in text for text in texts)


def test_another_export_is_another_version_and_leaves_changed_configurations(
    network, tmp_path, monkeypatch
):
    def write(model, path, decoder, max_pixels=saved_model.MAX_PIXELS):
        path.mkdir()
        (path / "limit").write_text(str(max_pixels))

    def run(crops):
        answer = decode(network.predict_on_batch(crops)[:, -1], network.offset)
        return {"keypoints": 4 * np.asarray(answer[0]) + 1.5}

    monkeypatch.setattr(saved_model, "write", write)
    monkeypatch.setitem(exporter.RUNTIMES, "savedmodel", lambda path: run)
    directory = tmp_path / "people"
    (first,) = export_model(network, directory, crops=CROPS)
    assert first.path == directory / "1" and first.max_error < 1e-2
    assert 'name: "people"' in (directory / "models.config").read_text()
    (directory / "batching.config").write_text("mine")
    (second,) = export_model(network, directory, crops=CROPS, max_pixels=9)
    assert second.path == directory / "2"
    assert (directory / "batching.config").read_text() == "mine"
    assert (directory / "1/limit").read_text() == str(saved_model.MAX_PIXELS)
    assert (directory / "2/limit").read_text() == "9"


FRESH = """
import sys
for name in ("keras", "keras_hourglass"):
    sys.modules[name] = None
import numpy as np, tensorflow as tf
served = tf.saved_model.load(sys.argv[1]).signatures["serve_people"]
data = tf.constant([open(path, "rb").read() for path in sys.argv[3:]])
np.save(sys.argv[2], served(image_bytes=data)["keypoints"])
"""


def test_a_process_without_keras_and_this_library_gives_the_same(
    version, served, images, tmp_path
):
    arguments = [version, tmp_path / "joints.npy", *images]
    subprocess.run([sys.executable, "-c", FRESH, *arguments], check=True)
    answer = served["serve_people"](image_bytes=contents(images))
    found = np.load(tmp_path / "joints.npy")
    np.testing.assert_allclose(found, answer["keypoints"], atol=1e-3)


def test_joints_of_the_runtime_are_those_of_keras(lively, joints_of_keras, tmp_path):
    saved_model.write(lively, tmp_path / "1", detector=None)
    joints_of_keras(tmp_path, "savedmodel")
