"""Person detectors and their entry points."""

import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest

from keras_hourglass import PersonDetector, StackedHourglass
from keras_hourglass.inference import detectors
from keras_hourglass.inference.detectors import detector_names, load_detector, plugins
from keras_hourglass.inference.detectors.detector import DetectorError, FunctionDetector

GRAY = np.full((200, 300, 3), 90, "uint8")


def rows(found):
    """Boxes and scores as rows."""
    return np.column_stack(found)


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
    mine = EntryPoint("mine", "their_people:detect", plugins.ENTRY_POINT_GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [mine])


def test_a_package_brings_a_detector_by_an_entry_point(plugged):
    found = rows(load_detector("mine")(GRAY))
    np.testing.assert_array_equal(found, [[1, 2, 295, 195, 1]])
    assert detector_names() == ["people", "mine"]


@pytest.mark.parametrize(
    "name, expected",
    [("scored", [[1, 2, 3, 4, 0.5]]), ("empty", np.empty((0, 5)))],
)
def test_a_function_of_a_module_is_also_a_detector(plugged, name, expected):
    found = rows(load_detector(f"their_people:{name}")(GRAY))
    np.testing.assert_array_equal(found, expected)


def test_unknown_and_wrong_detectors_raise_an_error(plugged):
    with pytest.raises(ValueError, match="Did you mean 'mine'.*detector='mnie'"):
        load_detector("mnie")
    for name in ("nowhere:detect", "their_people:none"):
        with pytest.raises(ValueError, match=f"detector '{name}' cannot be loaded"):
            load_detector(name)
    with pytest.raises(ValueError, match="detector 'their_people:wrong': `boxes` must"):
        load_detector("their_people:wrong")(GRAY)


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
        load_detector(name)


def test_a_detector_may_be_an_attribute_of_a_class(modules):
    found = load_detector("finders:Group.inner")(GRAY)
    assert rows(found).tolist() == [[1, 2, 3, 4, 1]]


def test_a_detector_that_fails_is_named_with_its_error(modules):
    message = "'finders:find_people' failed: ZeroDivisionError: division by zero"
    with pytest.raises(DetectorError, match=message):
        load_detector("finders:find_people")(GRAY)


def test_a_detector_that_ends_the_program_is_named():
    with pytest.raises(DetectorError, match="'mine' failed: SystemExit: 2"):
        FunctionDetector(lambda image: sys.exit(2), "mine")(GRAY)


def test_a_detector_that_draws_on_its_image_changes_a_copy():
    def draw(image):
        image[:] = 0
        return []

    image = GRAY.copy()
    load_detector(draw)(image)
    assert (image == GRAY).all()


@pytest.mark.parametrize(
    "boxes", [None, "none", 5, [[1, 2, 3]], [[1, 2, 3, np.nan]], [[1, 2], [3]], {}]
)
def test_anything_but_boxes_is_an_error_of_the_detector(boxes):
    with pytest.raises(DetectorError, match="detector 'mine': `boxes` must"):
        FunctionDetector(lambda image: boxes, "mine")(GRAY)


def test_tensors_of_pytorch_are_boxes_wherever_they_are():
    class Tensor:
        """As one on a GPU, with a gradient: NumPy takes neither."""

        def detach(self):
            return self

        def cpu(self):
            return SimpleNamespace(numpy=lambda: np.array([[1, 2, 3, 4]]))

    found = FunctionDetector(lambda image: Tensor(), "mine")(GRAY)
    assert rows(found).tolist() == [[1, 2, 3, 4, 1]]


class FixedPredictor:
    """Finds the same boxes, in pixels of an 80 x 60 grid, in any image."""

    input_size, heatmap_size = (320, 240), (80, 60)
    boxes = np.array([[8, 6, 20, 30], [-9, 50, 30, 30], [200, 9, 9, 9]], "float32")
    scores = np.array([0.5, 0.9, 0.8], "float32")

    def predict_boxes(self, images, min_batch=1):
        self.images = np.array(images)
        count = len(images)
        return np.stack([self.boxes] * count), np.stack([self.scores] * count)


@pytest.fixture
def fixed(monkeypatch):
    """A detector whose network is `FixedPredictor`."""
    predictor = FixedPredictor()
    monkeypatch.setattr(detectors, "load_detector_network", lambda *_: (0, predictor))
    return predictor


@pytest.mark.parametrize("size, factor", [((640, 480), 8), ((160, 120), 2)])
def test_boxes_of_a_network_are_in_image_pixels_and_within_the_image(
    fixed, size, factor
):
    image = np.full((*size[::-1], 3), 90, "uint8")
    boxes, scores = load_detector("people")(image)
    assert scores.tolist() == pytest.approx([0.9, 0.5])  # the third lies outside
    expected = np.array([[0, 50, 21, 10], [8, 6, 20, 30]]) * factor
    np.testing.assert_allclose(boxes, expected)


def test_a_network_sees_the_whole_image_letterboxed(fixed):
    boxes, _ = load_detector("people")(np.full((480, 1280, 3), 90, "uint8"))
    assert fixed.images.shape == (1, 240, 320, 3)
    rows = fixed.images[0, :, :, 0]
    assert (rows[62:178] == 90).all() and not rows[:58].any() and not rows[182:].any()
    # A quarter of the image's size; the image begins at row 15 of the grid.
    np.testing.assert_allclose(boxes[-1], [8 * 16, 0, 20 * 16, (36 - 15) * 16])


def test_a_tall_image_is_whole_in_a_network_that_is_wide(fixed, monkeypatch):
    monkeypatch.setattr(fixed, "boxes", np.array([[30, 0, 10, 60]] * 3, "float32"))
    boxes, _ = load_detector("people")(np.full((960, 480, 3), 90, "uint8"))
    columns = fixed.images[0, :, :, 0]
    assert (columns[:, 102:218] == 90).all() and not columns[:, :98].any()
    assert not columns[:, 222:].any()
    # A grid's pixel is 16 of the image's, which begins at column 25.
    np.testing.assert_allclose(boxes[0], [5 * 16, 0, 10 * 16, 960])


def test_boxes_are_limited_by_score_and_number(fixed):
    image = np.full((480, 640, 3), 90, "uint8")
    assert len(load_detector("people", max_people=1)(image)[0]) == 1
    assert load_detector("people", min_score=0.6)(image)[1] == pytest.approx([0.9])
    crowd = load_detector(lambda image: [[x, 0, 5, 5, x] for x in range(9)], 2, 3)
    assert crowd(image)[1].tolist() == [8, 7, 6]
    with pytest.raises(ValueError, match="`max_people` must be a positive integer"):
        load_detector("people", max_people=0)
    with pytest.raises(ValueError, match="`min_score` must be a number"):
        load_detector("people", min_score=float("nan"))


def test_limits_of_a_detector_that_is_given_are_those_of_a_copy(fixed):
    image, given = np.full((480, 640, 3), 90, "uint8"), load_detector("people")
    assert len(load_detector(given, max_people=1)(image)[0]) == 1
    assert load_detector(given, min_score=0.6)(image)[1] == pytest.approx([0.9])
    assert len(given(image)[0]) == 2 and load_detector(given) is given
    own = load_detector("people", 0.6, 7)
    assert load_detector(own, max_people=3).min_score == 0.6
    assert own.max_people == 7
    with pytest.raises(ValueError, match="`max_people` must be a positive integer"):
        load_detector(given, max_people=0)


def test_an_image_of_one_row_of_pixels_is_detected_in(fixed):
    boxes, scores = load_detector("people")(np.zeros((10, 30_000, 3), "uint8"))
    assert len(boxes) == len(scores) and (boxes[:, 3] <= 10).all()


def test_a_network_in_memory_and_in_a_file_find_the_same(tmp_path):
    model = PersonDetector(filters=8, image_size=64, depth=2)
    image = np.random.default_rng(0).integers(0, 256, (48, 90, 3), "uint8")
    model.save(tmp_path / "own.keras")
    for detector in (model, tmp_path / "own.keras", str(tmp_path / "own.keras")):
        boxes, scores = load_detector(detector, min_score=0, max_people=50)(image)
        if detector is model:
            expected = boxes, scores
        np.testing.assert_allclose(boxes, expected[0], atol=0.05)
        np.testing.assert_allclose(scores, expected[1], atol=1e-3)
    assert len(boxes) and (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= [90, 48]).all()


def test_other_networks_and_missing_files_are_refused(tmp_path):
    pose = StackedHourglass(1, "separable", filters=8, image_size=64, depth=2)
    for wrong in (pose, "photo", 5):
        with pytest.raises(ValueError, match="`detector` must be a PersonDetector"):
            load_detector(wrong)
    with pytest.raises(FileNotFoundError, match="none.keras"):
        load_detector(tmp_path / "none.keras")
    with pytest.raises(ValueError, match="Did you mean 'keras'.*runtime='kears'"):
        load_detector(pose, runtime="kears")


def test_a_detector_reads_what_an_estimator_reads(fixed, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), "uint8")
    path = tmp_path / "image.png"
    PIL.Image.fromarray(image).save(path)
    detector = load_detector("people")
    expected = rows(detector(image))
    for same in (path, path.read_bytes(), PIL.Image.open(path)):
        np.testing.assert_array_equal(rows(detector(same)), expected)


def test_boxes_and_scores_may_be_two_arrays():
    boxes = np.array([[1.0, 2, 3, 4], [5, 6, 7, 8]])
    detector = load_detector(lambda image: (boxes, np.array([0.1, 0.9])))
    assert rows(detector(GRAY)).tolist() == [[5, 6, 7, 8, 0.9], [1, 2, 3, 4, 0.1]]


def test_boxes_outside_the_image_are_left_out_and_named(caplog):
    rows = [[-5, -5, 20, 20], [300, 10, 50, 50], [299, 199, 50, 50], [9, -30, 30, 30]]
    boxes, _ = FunctionDetector(lambda image: rows, "mine")(GRAY)
    np.testing.assert_array_equal(boxes, [rows[0], rows[2]])
    (message,) = caplog.messages
    assert "'mine': 2 boxes lie wholly outside the image" in message
    assert "300 x 200" in message and "[300.0, 10.0, 50.0, 50.0]" in message
