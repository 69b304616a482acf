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


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """The current folder, with modules of detectors, as `--detector` finds them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "finders.py").write_text(
        "class Group:\n"
        "    inner = staticmethod(lambda image: [[1, 2, 3, 4]])\n"
        "def find_people(image): return 1 / 0\n"
        "SIZE = 3\n"
    )
    (tmp_path / "lacking.py").write_text("import a_package_that_is_not_there\n")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "ending.py").write_text("raise SystemExit(2)\n")
    yield tmp_path
    for name in ("finders", "lacking", "broken", "ending"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "name, says",
    [
        ("finder:find", "'finder' is no module of the current folder .*'finders'"),
        ("finders:find_poeple", "finders has no 'find_poeple'. Did .*'find_people'"),
        ("finders:Group.iner", "finders has no 'Group.iner'. Did you mean 'inner'"),
        ("finders:SIZE", "'SIZE' is not a function, but 3"),
        ("lacking:find", "No module named 'a_package_that_is_not_there'"),
        ("broken:find", "ZeroDivisionError: division by zero"),
        ("ending:find", "SystemExit: 2"),
    ],
)
def test_a_detector_that_cannot_be_loaded_says_why(name, says, modules):
    with pytest.raises(ValueError, match=f"'{name}' cannot be loaded: .*{says}"):
        detectors.get_detector(name)


def test_a_detector_may_be_an_attribute_of_a_class(modules):
    found = detectors.get_detector("finders:Group.inner")(GRAY)
    assert found.tolist() == [[1, 2, 3, 4, 1]]


def test_a_detector_that_fails_is_named_with_its_error(modules):
    message = "'finders:find_people' failed: ZeroDivisionError: division by zero"
    with pytest.raises(detectors.DetectorError, match=message):
        detectors.get_detector("finders:find_people")(GRAY)


def test_a_detector_that_ends_the_program_is_named():
    with pytest.raises(detectors.DetectorError, match="'mine' failed: SystemExit: 2"):
        detectors.Detector("mine", lambda image: sys.exit(2))(GRAY)


def test_a_detector_that_draws_on_its_image_changes_a_copy():
    def draw(image):
        image[:] = 0
        return []

    image = GRAY.copy()
    detectors.Detector("mine", draw)(image)
    assert (image == GRAY).all()


@pytest.mark.parametrize(
    "boxes", [None, "none", 5, [[1, 2, 3]], [[1, 2, 3, np.nan]], [[1, 2], [3]], {}]
)
def test_anything_but_boxes_is_an_error_of_the_detector(boxes):
    with pytest.raises(detectors.DetectorError, match="detector 'mine': `boxes` must"):
        detectors.Detector("mine", lambda image: boxes)(GRAY)


def test_tensors_of_pytorch_are_boxes_wherever_they_are():
    class Tensor:
        """As one on a GPU, with a gradient: NumPy takes neither."""

        def detach(self):
            return self

        def cpu(self):
            return SimpleNamespace(numpy=lambda: np.array([[1, 2, 3, 4]]))

    found = detectors.Detector("mine", lambda image: Tensor())(GRAY)
    assert found.tolist() == [[1, 2, 3, 4, 1]]
