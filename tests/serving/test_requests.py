"""An exported network behind a server, one request after another."""

import base64
import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

EXAMPLES = Path(__file__).parents[2] / "examples"
SERVING = Path(__file__).parents[2] / "docs/serving.md"


@pytest.fixture(scope="module")
def client():
    return runpy.run_path(str(EXAMPLES / "serving_client.py"))


@pytest.mark.parametrize("protocol", ["url", "address"])
def test_the_example_gets_everyone(
    server, client, protocol, images, version, tmp_path, capsys
):
    (tmp_path / "photo.jpg").write_bytes(images[0])
    served = tf.saved_model.load(version).signatures["serve_people"]
    answer = served(image_bytes=tf.constant(images[:1]))
    count = int(answer["count"][0])
    keypoints = client["main"](tmp_path / "photo.jpg", getattr(server, protocol))
    assert len(keypoints) == count >= 1
    np.testing.assert_allclose(keypoints, answer["keypoints"][0, :count], atol=0.05)
    assert capsys.readouterr().out.count("person ") == count


def test_the_example_turns_an_image_as_it_is_shown(
    client, images, tmp_path, exif, with_exif, as_stored
):
    shown = cv2.imdecode(np.frombuffer(images[0], np.uint8), cv2.IMREAD_COLOR)
    turned = cv2.imencode(".jpg", as_stored(shown, 6))[1].tobytes()
    (tmp_path / "turned.jpg").write_bytes(with_exif(turned, exif(6)))
    sent = np.frombuffer(client["read_upright"](tmp_path / "turned.jpg"), np.uint8)
    decoded = cv2.imdecode(sent, cv2.IMREAD_COLOR)
    np.testing.assert_allclose(decoded, shown, atol=64)  # compressed again
    assert np.abs(decoded.astype(int) - shown).mean() < 3


def test_a_request_may_hold_images_of_any_sizes(server, images, expected):
    outputs, _ = server.predict(image_bytes=images)
    np.testing.assert_allclose(outputs["keypoints"], expected, atol=0.05)
    boxes = [[0.0, 0, 2, 2]] * len(images)  # overlaps one of 1 x 1 pixels, too
    outputs, _ = server.predict("serve_boxes", image_bytes=images, boxes=boxes)
    assert np.isfinite(outputs["keypoints"]).all()
    rows = [{"image_bytes": data, "boxes": box} for data, box in zip(images, boxes)]
    status, content = server.post({"signature_name": "serve_boxes", "instances": rows})
    assert status == 200
    again = [row["keypoints"] for row in content["predictions"]]
    np.testing.assert_allclose(again, outputs["keypoints"], atol=0.05)


def test_crops_have_heatmaps(server):
    outputs, _ = server.predict("serve_crops", crops=np.zeros((2, 32, 32, 3), "uint8"))
    assert outputs["heatmaps"].shape == (2, 8, 8, 16)
    assert outputs["keypoints"].shape == (2, 16, 2)
    assert outputs["scores"].shape == (2, 16)


@pytest.mark.parametrize(
    "inputs, code, message",
    [
        ({"image_bytes": [b"no image"]}, "INVALID_ARGUMENT", "JPEG or PNG"),
        ({"image_bytes": [b"/etc/passwd"]}, "INVALID_ARGUMENT", "JPEG or PNG"),
        ({"image_bytes": [b"\xff\xd8\xff\xe0"]}, "INVALID_ARGUMENT", "JPEG"),
        ({"image_bytes": [1.0]}, "INVALID_ARGUMENT", ""),
        ({"photos": [b""]}, "INVALID_ARGUMENT", "inputs"),
        ({"name": "none", "image_bytes": [b""]}, "NOT_FOUND", "none"),
    ],
)
def test_a_malformed_request_fails_alone(server, images, inputs, code, message):
    grpc = pytest.importorskip("grpc")
    with pytest.raises(grpc.RpcError) as caught:
        server.predict(**inputs)
    assert caught.value.code().name == code and message in caught.value.details()
    assert server.predict(image_bytes=images[:1])[0]["scores"].shape == (1, 16)


@pytest.mark.parametrize(
    "content",
    [b"{", {}, {"instances": [{"b64": "!"}]}, {"instances": [{"b64": "bm9uZQ=="}]}],
)
def test_malformed_json_fails_alone(server, images, content):
    status, answer = server.post(content)
    assert status == 400 and answer["error"]
    assert server.post({"instances": images[:1]})[0] == 200


@pytest.fixture(scope="module")
def large():
    """A file of 12 megapixels, whose request no command line holds."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (750, 1000, 3), np.uint8)
    data = cv2.imencode(".jpg", cv2.resize(coarse, (4000, 3000)))[1].tobytes()
    assert len(data) > 2_000_000
    return data


def documented_curl():
    (line,) = re.findall(r"^\(printf.*?-d @-$", SERVING.read_text(), re.M | re.S)
    return line


def test_the_documented_curl_line_sends_a_photograph_of_12_megapixels(
    server, large, version, tmp_path
):
    if shutil.which("curl") is None:
        pytest.skip("needs curl on the PATH")
    (tmp_path / "photo.jpg").write_bytes(large)
    line = documented_curl().replace("localhost:8501/v1/models/people", server.url)
    done = subprocess.run(
        line, shell=True, cwd=tmp_path, capture_output=True, check=True
    )
    (answer,) = json.loads(done.stdout)["predictions"]
    served = tf.saved_model.load(version).signatures["serve_people"]
    expected = served(image_bytes=tf.constant([large]))
    assert answer["count"] == expected["count"][0]
    np.testing.assert_allclose(answer["keypoints"], expected["keypoints"][0], atol=0.1)


@pytest.mark.parametrize("protocol", ["url", "address"])
def test_the_example_sends_a_photograph_of_12_megapixels(
    server, client, protocol, large, tmp_path
):
    (tmp_path / "photo.jpg").write_bytes(large)
    keypoints = client["main"](tmp_path / "photo.jpg", getattr(server, protocol))
    assert np.shape(keypoints)[1:] == (16, 2) and np.isfinite(keypoints).all()


def test_the_documented_curl_line_is_valid_json_of_the_same_bytes(large, tmp_path):
    """Without a server: what would go to curl."""
    (tmp_path / "photo.jpg").write_bytes(large)
    pipe = documented_curl().rpartition("|")[0]
    done = subprocess.run(
        pipe, shell=True, cwd=tmp_path, capture_output=True, check=True
    )
    (instance,) = json.loads(done.stdout)["instances"]
    assert base64.b64decode(instance["b64"], validate=True) == large
