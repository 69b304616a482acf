"""Detectors of other libraries: networks with random weights, or stubs of them."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from keras_hourglass.inference.detectors import LIBRARIES, load_detector
from keras_hourglass.inference.detectors.keras_hub import to_xywh

IMAGE = np.full((100, 200, 3), 90, "uint8")
XYXY = np.array([[10.0, 20, 40, 80], [50, 10, 70, 90], [1, 2, 30, 40]])
XYWH = [[10, 20, 30, 60], [50, 10, 20, 80]]


@pytest.fixture
def keras_hub(monkeypatch):
    """KerasHub, whose detector finds two people and another object: a stub."""

    class Model:
        preprocessor = SimpleNamespace(image_size=(50, 100))
        bounding_box_format, num_classes = "yxyx", 91

        def predict(self, images, verbose):
            assert images.shape[1:] == (50, 100, 3)
            boxes = XYXY[None, :, [1, 0, 3, 2]] / 2
            scores = np.array([[0.9, 0.6, 0.95]])
            return {
                "boxes": np.repeat(boxes, len(images), 0),
                "confidence": np.repeat(scores, len(images), 0),
                "labels": np.repeat([[1, 1, 18]], len(images), 0),
            }

    presets = {"retinanet_resnet50_fpn_coco": Model()}
    hub = SimpleNamespace(from_preset=lambda name: presets[name])
    stub = SimpleNamespace(models=SimpleNamespace(ObjectDetector=hub))
    monkeypatch.setitem(sys.modules, "keras_hub", stub)


@pytest.fixture
def ultralytics(monkeypatch):
    """Ultralytics, whose detector finds two people: a stub."""

    class Tensor(np.ndarray):
        def cpu(self):
            return self

        def numpy(self):
            return np.array(self)

    class YOLO:
        def __init__(self, file):
            self.names = {0: "person", 1: "bicycle"} if "yolo" in file else {0: "cat"}

        def predict(self, image, classes, conf, verbose):
            assert classes == [0] and image.shape == IMAGE.shape
            scores = np.array([0.9, 0.6]).view(Tensor)
            boxes = SimpleNamespace(xyxy=XYXY[:2].view(Tensor), conf=scores)
            return [SimpleNamespace(boxes=boxes)]

    monkeypatch.setitem(sys.modules, "ultralytics", SimpleNamespace(YOLO=YOLO))


@pytest.fixture
def torchvision(monkeypatch):
    """torchvision, whose detector finds two people and another object: a stub."""
    torch = pytest.importorskip("torch")

    class Model:
        def eval(self):
            return self

        def to(self, device):
            return self

        def __call__(self, images):
            (image,) = images
            assert image.shape == (3, 100, 200) and float(image.max()) == pytest.approx(
                90 / 255
            )
            found = torch.tensor(XYXY), torch.tensor([0.9, 0.6, 0.95])
            return [
                dict(zip(("boxes", "scores"), found), labels=torch.tensor([1, 1, 7]))
            ]

    weights = SimpleNamespace(meta={"categories": ["__background__", "person"]})
    models = SimpleNamespace(
        get_model=lambda name, weights: Model(),
        get_model_weights=lambda name: SimpleNamespace(DEFAULT=weights),
    )
    stub = SimpleNamespace(models=models)
    monkeypatch.setitem(sys.modules, "torchvision", stub)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)


@pytest.mark.parametrize("library", LIBRARIES)
def test_people_have_boxes_in_image_pixels_and_others_none(library, request):
    request.getfixturevalue(library)
    boxes, scores = load_detector(LIBRARIES[library])(IMAGE)
    np.testing.assert_allclose(boxes, XYWH)
    np.testing.assert_allclose(scores, [0.9, 0.6])
    boxes, _ = load_detector(LIBRARIES[library], min_score=0.7)(IMAGE)
    np.testing.assert_allclose(boxes, XYWH[:1])
    assert len(load_detector(LIBRARIES[library], min_score=0)(IMAGE)[0]) == 2
    with pytest.raises(ValueError, match=f"must name a model: '{library}:"):
        load_detector(library)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_that_is_not_installed_is_named(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf"pip install '\.\[{library}\]'"):
        load_detector(LIBRARIES[library])


def test_what_a_library_does_not_know_is_one_line(keras_hub, ultralytics):
    with pytest.raises(ValueError, match="'keras_hub:none' cannot be loaded: KeyErr"):
        load_detector("keras_hub:none")
    with pytest.raises(ValueError, match="no class 'person'"):
        load_detector("ultralytics:pets.pt")


@pytest.mark.parametrize(
    "format, box",
    [
        ("xyxy", [10, 20, 40, 80]),
        ("yxyx", [20, 10, 80, 40]),
        ("xywh", [10, 20, 30, 60]),
        ("center_xywh", [25, 50, 30, 60]),
        ("rel_xyxy", [0.05, 0.2, 0.2, 0.8]),
        ("rel_yxyx", [0.2, 0.05, 0.8, 0.2]),
    ],
)
def test_every_format_of_boxes_is_converted(format, box):
    found = to_xywh(np.array([[box]]), format, (200, 100))
    np.testing.assert_allclose(found, [[[10, 20, 30, 60]]])


def test_a_network_of_torchvision_runs():
    try:
        models = pytest.importorskip("torchvision").models
    except RuntimeError as error:  # built for another PyTorch
        pytest.skip(str(error))
    from keras_hourglass.inference.detectors.torchvision import TorchvisionFunction

    name = "fasterrcnn_mobilenet_v3_large_320_fpn"
    model = models.get_model(name, weights=None, weights_backbone=None)
    boxes, scores = load_detector(TorchvisionFunction(model), max_people=5)(IMAGE)
    assert boxes.shape == (len(scores), 4) and len(scores) <= 5
