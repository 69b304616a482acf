"""A network as TensorFlow Serving gets it."""

import json
import os
import subprocess
import sys

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from keras_hourglass import PoseEstimator, StackedHourglass
from keras_hourglass.data.datasets.synthetic.drawing import draw
from keras_hourglass.export import export_format, saved_model
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.models.loading import load_model

SMALL = {"stacks": 1, "filters": 16, "stem_filters": 4, "depth": 2}
TINY = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1}
BOXES = [[20, 9, 101, 80], [350, -40, 90, 400], [0.25, -7, 9, 8]]
SIGNATURES = {"serving_default", "serve_boxes", "serve_crops"}


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    model = StackedHourglass(image_size=(64, 48), offset=(0.3, -0.2), **SMALL)
    random = np.random.default_rng(0)
    for weight in model.weights:  # blocks begin as the identity: no test of them
        if "kernel" in weight.path:
            scale = 2 / np.sqrt(np.prod(weight.shape[:-1]))
            weight.assign(random.normal(0, scale, weight.shape))
    return model


@pytest.fixture(scope="module")
def version(network, tmp_path_factory):
    return export_format(network, tmp_path_factory.mktemp("models") / "people")


@pytest.fixture(scope="module")
def served(version):
    return tf.saved_model.load(version).signatures


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Paths of pictures of several kinds and sizes."""
    folder = tmp_path_factory.mktemp("pictures")
    for index, (width, height) in enumerate([(192, 150), (700, 333), (1, 1)]):
        pixels = cv2.resize(draw(1, index)[0], (width, height))
        cv2.imwrite(str(folder / f"{index}.{'png' if index else 'jpg'}"), pixels)
    return sorted(folder.iterdir())


def contents(paths):
    return tf.constant([path.read_bytes() for path in paths])


def compare(served, model, paths, boxes=None):
    """Asserts that joints and scores are `PoseEstimator`'s."""
    if boxes is None:
        answer = served["serving_default"](image_bytes=contents(paths))
    else:
        asked = {"boxes": tf.constant(boxes, "float32")}
        answer = served["serve_boxes"](image_bytes=contents(paths), **asked)
    poses = [pose for (pose,) in PoseEstimator(model)(paths, boxes)]
    assert answer["keypoints"].dtype == answer["scores"].dtype == tf.float32
    joints = [pose.joints for pose in poses]
    np.testing.assert_allclose(answer["keypoints"], joints, atol=0.05)
    scores = [pose.scores for pose in poses]
    np.testing.assert_allclose(answer["scores"], scores, rtol=1e-3)


def test_joints_are_the_estimators(served, network, pictures):
    compare(served, network, pictures)
    compare(served, network, pictures, BOXES)


def test_joints_on_photographs_are_the_estimators(served, network, shared):
    paths = sorted((shared / "fixtures/coco_cc_by/images").glob("*.jpg"))
    compare(served, network, paths)
    compare(served, network, paths, [[30.5, 20.25, 211, 300 + i] for i in range(15)])


def test_crops_have_heatmaps_and_joints_in_their_own_pixels(served, network):
    random = np.random.default_rng(0)
    crops = random.integers(0, 256, (3, 64, 48, 3), dtype="uint8")
    answer = served["serve_crops"](crops=tf.constant(crops))
    expected = network.predict_on_batch(crops)[:, -1]
    height = np.abs(expected).max()  # thousands, of a network that has learnt nothing
    np.testing.assert_allclose(answer["heatmaps"], expected, atol=1e-5 * height)
    points, scores = decode(answer["heatmaps"], network.offset)
    np.testing.assert_allclose(answer["keypoints"], 4 * points + 1.5, atol=1e-3)
    np.testing.assert_allclose(answer["scores"], scores)
    assert answer["scores"].shape == (3, 16)


def test_an_empty_request_has_an_empty_answer(served):
    answer = served["serving_default"](image_bytes=tf.constant([], tf.string))
    assert answer["keypoints"].shape == (0, 16, 2) and answer["scores"].shape == (0, 16)


@pytest.mark.parametrize(
    "boxes, says",
    [
        ([[0, 0, 0, 9]], "for picture] [0]"),
        ([[0, 0, np.nan, 9]], "`boxes` must be x, y, width, height"),
        ([[np.inf, 0, 5, 9]], "`boxes` must be"),
        ([[192, 0, 5, 9]], "with a part of the picture"),
        ([[0, 0, 5, 9]] * 2, "[2] [boxes,] [1] [pictures]"),
    ],
)
def test_impossible_boxes_fail_their_request_alone(served, pictures, boxes, says):
    asked = {"image_bytes": contents(pictures[:1])}
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        served["serve_boxes"](**asked, boxes=tf.constant(boxes, tf.float32))
    assert says in str(caught.value)
    answer = served["serve_boxes"](**asked, boxes=tf.constant([[0.0, 0, 9, 9]]))
    assert np.isfinite(answer["keypoints"]).all()


def test_a_version_says_what_it_is(version, network):
    about = json.loads((version / "assets/about.json").read_text())
    assert about["joints"] == list(network.skeleton.joints)
    assert about["image_size"] == [64, 48] and about["licence"] == "Apache-2.0"
    assert {*about["signatures"]} == SIGNATURES


def test_signatures_carry_their_documentation(version):
    saved = SavedModel.FromString((version / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    texts = [function.signature.description for function in functions]
    texts = [text for text in texts if "The joints, in order: right_ankle" in text]
    assert len(texts) == 3 and any("EXIF" in text for text in texts)


def test_another_export_is_another_version_and_leaves_what_was_changed(
    network, tmp_path, monkeypatch
):
    def write(model, folder, most_pixels, decoder):
        folder.mkdir()
        (folder / "limit").write_text(str(most_pixels))

    monkeypatch.setattr(saved_model, "write_saved_model", write)
    directory = tmp_path / "people"
    assert export_format(network, directory) == directory / "1"
    assert 'name: "people"' in (directory / "models.config").read_text()
    (directory / "batching.config").write_text("mine")
    assert export_format(network, directory, most_pixels=9) == directory / "2"
    assert (directory / "batching.config").read_text() == "mine"
    assert (directory / "1/limit").read_text() == str(saved_model.MAX_PIXELS)
    assert (directory / "2/limit").read_text() == "9"


def test_a_network_with_a_weight_that_is_no_number_is_refused(tmp_path):
    model = StackedHourglass(image_size=32, **TINY)
    model.weights[3].assign(model.weights[3] * np.nan)
    with pytest.raises(ValueError, match="`model` must have finite weights"):
        export_format(model, tmp_path / "bad")
    assert not (tmp_path / "bad").exists()


def test_an_unknown_format_is_refused(network, tmp_path):
    with pytest.raises(ValueError, match="Did you mean 'savedmodel'"):
        export_format(network, tmp_path, "savedmodle")


def test_a_file_with_code_in_it_is_not_loaded(tmp_path):
    """Keras's safe mode: a Lambda is somebody's Python."""
    keras.Sequential([keras.Input((1,)), keras.layers.Lambda(lambda x: x)]).save(
        tmp_path / "code.keras"
    )
    with pytest.raises(ValueError, match="code.keras is no readable Keras model"):
        load_model(tmp_path / "code.keras")


FRESH = """
import sys
for name in ("keras", "keras_hourglass"):
    sys.modules[name] = None
import numpy as np, tensorflow as tf
served = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
data = tf.constant([open(path, "rb").read() for path in sys.argv[3:]])
np.save(sys.argv[2], served(image_bytes=data)["keypoints"])
"""


def test_a_process_without_keras_and_this_library_answers_alike(
    version, served, pictures, tmp_path
):
    arguments = [version, tmp_path / "joints.npy", *pictures]
    subprocess.run([sys.executable, "-c", FRESH, *arguments], check=True)
    answer = served["serving_default"](image_bytes=contents(pictures))
    found = np.load(tmp_path / "joints.npy")
    np.testing.assert_allclose(found, answer["keypoints"], atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_export_the_same(network, served, pictures, tmp_path, backend):
    pytest.importorskip(backend)
    network.save(tmp_path / "model.keras")
    code = "import sys; from keras_hourglass.export import export; "
    code += "from keras_hourglass.predict import load; "
    code += "print(export(load(sys.argv[1]), sys.argv[2]))"
    subprocess.run(
        [sys.executable, "-c", code, tmp_path / "model.keras", tmp_path / "models"],
        env={**os.environ, "KERAS_BACKEND": backend},
        check=True,
    )
    again = tf.saved_model.load(tmp_path / "models/1").signatures["serving_default"]
    found, expected = (
        graph(image_bytes=contents(pictures))["keypoints"]
        for graph in (again, served["serving_default"])
    )
    np.testing.assert_allclose(found, expected, atol=1e-3)
