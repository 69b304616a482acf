"""An exported network behind a server, one request after another."""

import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def client():
    return runpy.run_path(str(EXAMPLES / "serving_client.py"))


@pytest.mark.parametrize("protocol", ["url", "address"])
def test_the_example_gets_the_keypoints(
    server, client, protocol, images, expected, tmp_path
):
    (tmp_path / "photo.jpg").write_bytes(images[0])
    keypoints = client["main"](tmp_path / "photo.jpg", getattr(server, protocol))
    np.testing.assert_allclose(keypoints, expected[0], atol=0.05)


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
