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
def test_the_example_gets_the_joints(
    server, client, protocol, pictures, answers, tmp_path
):
    (tmp_path / "photo.jpg").write_bytes(pictures[0])
    joints = client["main"](tmp_path / "photo.jpg", getattr(server, protocol))
    np.testing.assert_allclose(joints, answers[0], atol=0.05)


def test_the_example_turns_a_picture_as_it_is_shown(
    client, pictures, tmp_path, exif, with_exif, as_stored
):
    shown = cv2.imdecode(np.frombuffer(pictures[0], np.uint8), cv2.IMREAD_COLOR)
    turned = cv2.imencode(".jpg", as_stored(shown, 6))[1].tobytes()
    (tmp_path / "turned.jpg").write_bytes(with_exif(turned, exif(6)))
    sent = np.frombuffer(client["upright"](tmp_path / "turned.jpg"), np.uint8)
    found = cv2.imdecode(sent, cv2.IMREAD_COLOR)
    np.testing.assert_allclose(found, shown, atol=64)  # compressed again
    assert np.abs(found.astype(int) - shown).mean() < 3


def test_a_request_may_hold_pictures_of_any_sizes(server, pictures, answers):
    found, _ = server.ask(image_bytes=pictures)
    np.testing.assert_allclose(found["keypoints"], answers, atol=0.05)
    boxes = [[0.0, 0, 1, 1]] * len(pictures)
    found, _ = server.ask("serve_boxes", image_bytes=pictures, boxes=boxes)
    assert np.isfinite(found["keypoints"]).all()
    rows = [{"image_bytes": p, "boxes": box} for p, box in zip(pictures, boxes)]
    status, content = server.post({"signature_name": "serve_boxes", "instances": rows})
    assert status == 200
    again = [row["keypoints"] for row in content["predictions"]]
    np.testing.assert_allclose(again, found["keypoints"], atol=0.05)


def test_crops_have_heatmaps(server):
    found, _ = server.ask("serve_crops", crops=np.zeros((2, 32, 32, 3), "uint8"))
    assert found["heatmaps"].shape == (2, 8, 8, 16)
    assert found["keypoints"].shape == (2, 16, 2) and found["scores"].shape == (2, 16)


@pytest.mark.parametrize(
    "asked, code, says",
    [
        ({"image_bytes": [b"no picture"]}, "INVALID_ARGUMENT", "JPEG or PNG"),
        ({"image_bytes": [b"/etc/passwd"]}, "INVALID_ARGUMENT", "JPEG or PNG"),
        ({"image_bytes": [b"\xff\xd8\xff\xe0"]}, "INVALID_ARGUMENT", "JPEG"),
        ({"image_bytes": [1.0]}, "INVALID_ARGUMENT", ""),
        ({"pictures": [b""]}, "INVALID_ARGUMENT", "inputs"),
        ({"name": "none", "image_bytes": [b""]}, "NOT_FOUND", "none"),
    ],
)
def test_a_malformed_request_fails_alone(server, pictures, asked, code, says):
    grpc = pytest.importorskip("grpc")
    with pytest.raises(grpc.RpcError) as caught:
        server.ask(**asked)
    assert caught.value.code().name == code and says in caught.value.details()
    assert server.ask(image_bytes=pictures[:1])[0]["scores"].shape == (1, 16)


@pytest.mark.parametrize(
    "content",
    [b"{", {}, {"instances": [{"b64": "!"}]}, {"instances": [{"b64": "bm9uZQ=="}]}],
)
def test_malformed_json_fails_alone(server, pictures, content):
    status, found = server.post(content)
    assert status == 400 and found["error"]
    assert server.post({"instances": pictures[:1]})[0] == 200
