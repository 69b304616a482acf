"""Person detectors and their entry points."""

import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from keras_hourglass.data.images import decoding
from keras_hourglass.inference import detectors

GRAY = np.full((200, 300, 3), 90, "uint8")
needs_hog = pytest.mark.skipif(
    not hasattr(cv2, "HOGDescriptor"), reason="OpenCV 5 comes without HOG"
)


@pytest.fixture
def plugged(monkeypatch):
    """A module with detectors, one of which a package registers as `mine`."""
    module = SimpleNamespace(
        detect=lambda pixels: [[1, 2, *np.subtract(pixels.shape[1::-1], 5)]],
        scored=lambda pixels: np.array([[1, 2, 3, 4, 0.5]]),
        empty=lambda pixels: [],
        wrong=lambda pixels: [[1, 2, 3]],
    )
    monkeypatch.setitem(sys.modules, "their_people", module)
    mine = EntryPoint("mine", "their_people:detect", detectors.ENTRY_POINT_GROUP)
    monkeypatch.setattr(detectors, "entry_points", lambda group: [mine])


def test_a_package_brings_a_detector_by_an_entry_point(plugged):
    np.testing.assert_array_equal(
        detectors.get_detector("mine")(GRAY), [[1, 2, 295, 195, 1]]
    )
    assert {*detectors.detector_names()} == {"hog", "mine"}


@pytest.mark.parametrize(
    "name, expected",
    [("scored", [[1, 2, 3, 4, 0.5]]), ("empty", np.empty((0, 5)))],
)
def test_a_function_of_a_module_is_also_a_detector(plugged, name, expected):
    found = detectors.get_detector(f"their_people:{name}")(GRAY)
    np.testing.assert_array_equal(found, expected)


def test_unknown_and_wrong_detectors_raise_an_error(plugged):
    with pytest.raises(ValueError, match="Did you mean 'mine'.*detector='mnie'"):
        detectors.get_detector("mnie")
    for name in ("nowhere:detect", "their_people:none"):
        with pytest.raises(ValueError, match=f"detector '{name}' cannot be loaded"):
            detectors.get_detector(name)
    with pytest.raises(ValueError, match="detector 'their_people:wrong': `boxes` must"):
        detectors.get_detector("their_people:wrong")(GRAY)


def test_opencv_5_without_hog_says_what_to_install(monkeypatch):
    monkeypatch.delattr(cv2, "HOGDescriptor", raising=False)
    detectors._hog_detector.cache_clear()
    with pytest.raises(ValueError, match=r"'hog': .*\.\[hog\]"):
        detectors.get_detector("hog")(GRAY)
    assert len(detectors.get_detector("hog")(GRAY[:40])) == 0


class FixedHog:
    """Detects the window (80, 40, 64, 128) in any image, and one of a low score."""

    def detectMultiScale(self, gray, **kwargs):
        self.shape = gray.shape
        return np.array([[80, 40, 64, 128], [0, 0, 64, 128]]), np.array([0.9, 0.1])


def test_boxes_are_in_image_pixels_without_the_border(monkeypatch):
    found = FixedHog()
    monkeypatch.setattr(detectors, "_hog_detector", lambda: found)
    np.testing.assert_allclose(detectors.detect_hog(GRAY), [[88, 48, 48, 112, 0.9]])
    wide = np.zeros((600, 2048, 3), "uint8")  # shrunk to a half
    np.testing.assert_allclose(detectors.detect_hog(wide), [[176, 96, 96, 224, 0.9]])
    assert found.shape == (300, 1024)


@needs_hog
def test_hog_detects_a_standing_person(shared):
    path = shared / "fixtures/coco_cc_by/images/000000433998.jpg"
    detectors._hog_detector.cache_clear()
    (found,) = detectors.get_detector("hog")(decoding.read_region(path).pixels)
    np.testing.assert_allclose(found[:4], [315, 188, 72, 155], atol=25)
