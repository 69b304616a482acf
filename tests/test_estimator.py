"""PoseEstimator: images and boxes in, poses out."""

import threading

import numpy as np
import pytest
from keras import ops
from PIL import Image

from keras_hourglass import PoseEstimator, Skeleton, StackedHourglass
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.inference import estimator as estimator_module
from keras_hourglass.inference.detectors import load_detector
from keras_hourglass.inference.detectors.detector import DetectorError
from keras_hourglass.inference.detectors.network import NetworkDetector
from keras_hourglass.utils.cores import core_count

TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 2}
PAIR = Skeleton(("left_eye", "right_eye"))


class Bright(StackedHourglass):
    """Predicts the brightest pixels: a network whose output can be worked out.

    Averages over 4 x 4 pixels keep heatmaps aligned with the image, as the
    geometry assumes; the stem's convolution would be half a pixel off.
    """

    def call(self, images):
        gray = ops.mean(ops.cast(images, "float32"), axis=-1, keepdims=True) / 255
        return ops.repeat(ops.average_pool(gray, 4, 4), 2, axis=-1)[:, None]


@pytest.fixture(scope="module")
def bright():
    return Bright(skeleton=PAIR, image_size=(64, 96), **TINY)


def dot(x, y, size=(400, 300), radius=20.0):
    """A soft dot, `size` = (width, height)."""
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    soft = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius**2))
    return np.repeat(np.rint(255 * soft).astype("uint8")[..., None], 3, -1)


def test_a_dot_is_found_at_its_place_in_the_image(bright):
    random = np.random.default_rng(0)
    for _ in range(5):
        x, y = random.uniform((120, 100), (280, 200))
        box = [x - 80 + random.uniform(-9, 9), y - 60, 150, 120]
        ((pose,),) = PoseEstimator(bright, detector=None)([dot(x, y)], [box])
        np.testing.assert_allclose(pose.joints, [[x, y]] * 2, atol=0.3)
        assert pose.names == PAIR.joints and pose.box.tolist() == box


def test_large_windows_are_shrunk_without_moving(bright):
    image = dot(801.3, 602.7, size=(1600, 1200), radius=80.0)
    ((pose,),) = PoseEstimator(bright, detector=None)([image], [[200, 200, 1200, 800]])
    np.testing.assert_allclose(pose.joints, [[801.3, 602.7]] * 2, atol=1.0)


def test_without_a_box_the_second_pass_is_around_the_keypoints_of_the_first(bright):
    """A small dot on a large image: the first pass alone is pixels off."""
    image = dot(1203.3, 407.7, size=(1600, 1200), radius=12.0)
    ((pose,),) = PoseEstimator(bright, detector=None)([image])
    np.testing.assert_allclose(pose.joints, [[1203.3, 407.7]] * 2, atol=8.0)
    x, y, width, height = pose.box
    assert x < 1203 < x + width and y < 408 < y + height
    assert max(width, height) == 1600 / 8  # both joints lie on the one dot


def test_a_network_of_nan_is_named_where_a_window_would_be_chosen():
    network = StackedHourglass(1, filters=8, stem_filters=4, depth=2, image_size=32)
    network.set_weights([np.full_like(each, np.nan) for each in network.get_weights()])
    image = np.zeros((40, 56, 3), "uint8")
    with pytest.raises(ValueError, match="`model` must predict finite heatmaps"):
        PoseEstimator(network, detector=None)(image)


def test_a_flipped_image_gives_flipped_joints(bright):
    """With a network of averages alone: the stem of a real one is not symmetric."""
    image, box = dot(171.4, 133.8), np.array([90, 60, 161, 141])
    mirrored_box = [400 - 90 - 161, 60, 161, 141]
    estimator = PoseEstimator(bright, detector=None)
    ((pose,), (mirrored,)) = estimator(
        [image, np.ascontiguousarray(image[:, ::-1])], [box, mirrored_box]
    )
    swapped = mirrored.joints[list(PAIR.flip_indices)]
    np.testing.assert_allclose(399 - swapped[:, 0], pose.joints[:, 0], atol=0.01)
    np.testing.assert_allclose(swapped[:, 1], pose.joints[:, 1], atol=0.01)


def test_as_many_poses_as_boxes_across_batches(bright):
    images, boxes = [dot(200, 150)] * 3, [[[9, 9, 50, 50]] * 3, [], [9, 9, 50, 50]]
    boxes[1] = np.zeros((0, 4))
    found = PoseEstimator(bright, detector=None, batch_size=2)(images, boxes)
    assert [len(poses) for poses in found] == [3, 0, 1]


def test_as_many_people_as_boxes_in_one_image(bright):
    estimator, image = PoseEstimator(bright, detector=None), dot(200, 150)
    box = [100, 80, 200, 140]
    assert [len(estimator(image, boxes)) for boxes in (box, [box] * 3, [])] == [
        *(1, 3, 0)
    ]
    (alone,), ((among,),) = estimator(image, box), estimator([image], [box])
    np.testing.assert_array_equal(alone.joints, among.joints)
    (alone,), ((among,),) = estimator(image), estimator(image[None])
    np.testing.assert_array_equal(alone.joints, among.joints)


def test_a_function_may_detect_the_boxes(bright):
    def detect(pixels):
        rows, columns = np.nonzero(pixels[..., 0] > 99)
        low, high = (columns.min(), rows.min()), (columns.max(), rows.max())
        pixels[:] = 0  # the network sees the image as it was
        return [[*low, *np.subtract(high, low)]]

    ((pose,), (other,)) = PoseEstimator(bright, detector=None)(
        [dot(90, 99), dot(300, 200)], detect
    )
    np.testing.assert_allclose(pose.joints, [[90, 99]] * 2, atol=0.3)
    np.testing.assert_allclose(other.joints, [[300, 200]] * 2, atol=0.3)


def test_a_function_of_boxes_is_called_in_one_thread_and_in_order(bright):
    calls = []

    def detect(pixels):
        calls.append((threading.get_ident(), int(pixels[0, 0, 0])))
        return [[9, 9, 300, 280]]

    images = (np.full((300, 400, 3), value, "uint8") for value in range(20))
    assert len(PoseEstimator(bright, detector=None)(images, detect)) == 20
    assert calls == [(threading.get_ident(), value) for value in range(20)]
    with pytest.raises(ValueError, match="`boxes` must be rows of.*boxes=None"):
        PoseEstimator(bright, detector=None)(dot(9, 9), lambda pixels: None)


def test_a_detector_gives_the_boxes_and_their_scores(bright):
    box = [60.0, 69.0, 60.0, 60.0]
    detector = load_detector(lambda pixels: ([box], [0.75]))
    (pose,) = PoseEstimator(bright, detector=None)(dot(90, 99), detector)
    (expected,) = PoseEstimator(bright, detector=None)(dot(90, 99), [box])
    np.testing.assert_array_equal(pose.joints, expected.joints)
    assert pose.box_score == 0.75 and np.isnan(expected.box_score or np.nan)


def test_images_are_streamed_and_few_are_in_memory(bright):
    taken, held = [], []

    def camera():
        for place in range(100, 180):
            taken.append(place)
            yield dot(place, 150)

    estimator = PoseEstimator(bright, detector=None, batch_size=4)
    for count, ((pose,), place) in enumerate(
        zip(estimator.stream(camera()), range(100, 180))
    ):
        np.testing.assert_allclose(pose.joints[0], [place, 150], atol=0.5)
        held.append(len(taken) - count)
    assert max(held) <= 2 * 4 + core_count() + 1 and len(taken) == 80


def test_no_more_frames_are_read_ahead_than_a_batch_takes(bright, monkeypatch):
    """Of a camera, whose batches are of one: any number of cores is no delay."""
    monkeypatch.setattr(estimator_module, "core_count", lambda: 16)
    taken = []

    def camera():
        for place in range(100, 120):
            taken.append(place)
            yield dot(place, 150)

    estimator = PoseEstimator(bright, detector=None, batch_size=1, passes=1)
    next(estimator.stream(camera()))
    assert len(taken) <= 2


def test_the_network_is_compiled_for_few_sizes_of_batches(bright, monkeypatch):
    estimator, sizes = PoseEstimator(bright, detector=None, batch_size=8), []
    answer = estimator._predictor.predict_on_batch

    def counted(images):
        sizes.append(len(images))
        return answer(images)

    monkeypatch.setattr(estimator._predictor, "predict_on_batch", counted)
    for people in (1, 2, 3, 7, 8, 19):
        found = estimator(dot(200, 150), [[9, 9, 300, 280]] * people)
        assert len(found) == people
        for pose in found:
            np.testing.assert_allclose(pose.joints, found[0].joints, atol=1e-3)
    # The last after full batches is as large as they: 19 are 8, 8 and 3.
    assert sizes == [1, 2, 4, 8, 8, 8, 8, 8]


def test_each_pass_is_around_the_keypoints_of_the_last(bright):
    image, edges = dot(1203.3, 407.7, size=(1600, 1200), radius=12.0), []
    # At first a pixel of the heatmaps is 75 of the image's.
    for passes, off in [(1, 25), (2, 1), (3, 1)]:
        (pose,) = PoseEstimator(bright, detector=None, passes=passes)(image)
        np.testing.assert_allclose(pose.joints, [[1203.3, 407.7]] * 2, atol=off)
        edges.append(max(pose.box[2:]))
    assert edges == [1600, 200, 200]


def test_windows_of_several_scales_are_averaged_on_one_grid(bright):
    box = [110, 62, 150, 120]
    for scales in [(1.2,), (0.8, 1), (0.9, 1, 1.3)]:
        estimator = PoseEstimator(bright, detector=None, scales=scales, flip=True)
        ((pose,),) = estimator([dot(171.4, 133.8)], [box])
        np.testing.assert_allclose(pose.joints, [[171.4, 133.8]] * 2, atol=0.5)


@pytest.mark.parametrize(
    "box, says",
    [
        ([0, 0, 0, 9], "above 0"),
        ([0, 0, 9], "rows of x, y"),
        ([[0, 0, 9, 9, 0.5, 1]], "rows of x, y"),
        (["a", 0, 9, 9], "rows of x, y"),
        ([[0, 0, 9, 9], [9]], "rows of x, y"),
        ([np.nan, 0, 9, 9], "finite"),
        ([0, 0, np.nan, 9], "finite"),
        ([0, 0, np.inf, 9], "finite"),
    ],
)
def test_invalid_boxes_raise_an_error(bright, box, says):
    with pytest.raises(ValueError, match=f"(?s)image 0: `boxes` must be.*{says}"):
        PoseEstimator(bright, detector=None)([dot(9, 9)], [box])


def test_a_box_must_overlap_its_image(bright):
    estimator, image = PoseEstimator(bright, detector=None), dot(200, 150)
    for box in ([-9, 0, 9.5, 9], [399.5, 299, 9, 9]):
        assert len(estimator(image, box)) == 1
    for box in ([-9, 0, 9, 9], [400, 0, 9, 9], [0, -20, 9, 20], [0, 300, 9, 9]):
        with pytest.raises(ValueError, match="wholly outside.*400 x 300.*Received"):
            estimator(image, [[0, 0, 9, 9], box])


def test_the_image_of_a_wrong_box_is_named_by_its_path(bright, tmp_path):
    Image.fromarray(dot(9, 9)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="a.png: `boxes` must not lie wholly"):
        PoseEstimator(bright, detector=None)([tmp_path / "a.png"], [[900, 0, 9, 9]])


def test_images_and_boxes_must_be_as_many(bright):
    estimator, image = PoseEstimator(bright, detector=None), dot(9, 9)
    with pytest.raises(ValueError, match="1 images, 2 boxes"):
        estimator([image], [[0, 0, 9, 9]] * 2)
    with pytest.raises(ValueError, match="1 images, at least 2 boxes"):
        estimator(iter([image]), [[0, 0, 9, 9]] * 2)
    with pytest.raises(ValueError, match="at least 2 images, 1 boxes"):
        estimator([image] * 2, iter([[0, 0, 9, 9]]))


def test_a_file_that_is_not_an_image_raises_an_error(bright, tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    with pytest.raises(ImageDecodeError, match="text.jpg"):
        PoseEstimator(bright, detector=None)([tmp_path / "text.jpg"], [[0, 0, 9, 9]])
    with pytest.raises(ValueError, match="image 1: .*of float64"):
        PoseEstimator(bright, detector=None)(
            [dot(9, 9), np.zeros((9, 9, 3))], [[0, 0, 9, 9]] * 2
        )
    with pytest.raises(FileNotFoundError, match="none.jpg"):
        PoseEstimator(bright, detector=None)([tmp_path / "none.jpg"], [[0, 0, 9, 9]])


def test_a_stream_goes_on_after_images_that_cannot_be_read(bright, tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    names = [tmp_path / "text.jpg", dot(200, 150), tmp_path / "none.jpg", dot(200, 150)]
    failed = []
    found = PoseEstimator(bright, detector=None, batch_size=1).stream(
        names, on_broken=lambda image, error: failed.append((image, error))
    )
    assert [(len(poses), len(failed)) for poses in found] == [
        (0, 1),
        (1, 1),
        (0, 2),
        (1, 2),
    ]
    assert [image for image, _ in failed] == [names[0], names[2]]
    assert [type(error) for _, error in failed] == [ImageDecodeError, FileNotFoundError]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"passes": 0}, {"batch_size": 0}, {"scales": ()}, {"scales": 1.1}),
        *({"scales": None}, {"scales": "1"}, {"scales": (1, -1)}),
    ],
)
def test_invalid_options_raise_an_error(bright, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"`{name}` must be.*Received: {name}="):
        PoseEstimator(bright, detector=None, **wrong)


def around(*places, score=0.9):
    """A detector of boxes around known places, with falling scores."""
    falling = np.linspace(score, score / 2, len(places))
    rows = [[x - 50, y - 40, 90, 80, s] for (x, y), s in zip(places, falling)]
    return lambda image: rows


def test_everyone_whom_the_detector_finds_has_a_pose(bright):
    image = np.maximum(dot(90, 99), dot(300, 200))
    estimator = PoseEstimator(bright, detector=around((90, 99), (300, 200)))
    left, right = estimator(image)
    np.testing.assert_allclose(left.joints, [[90, 99]] * 2, atol=0.3)
    np.testing.assert_allclose(right.joints, [[300, 200]] * 2, atol=0.3)
    assert (left.box_score, right.box_score) == (0.9, 0.45)
    assert left.box.tolist() == [40, 59, 90, 80]
    # As with the same boxes, given by the user.
    same = estimator(image, [[40, 59, 90, 80, 0.9], [250, 160, 90, 80, 0.45]])
    assert same == [left, right]
    (plain,) = estimator(image, [40, 59, 90, 80])
    assert plain.box_score is None
    ((pose,), (other,)) = PoseEstimator(bright, detector=around((90, 99)))([image] * 2)
    assert pose == other == left


def test_where_nobody_is_found_the_list_is_empty(bright):
    nobody = PoseEstimator(bright, detector=lambda image: [])
    assert nobody(dot(90, 99)) == [] and nobody([dot(90, 99)] * 3) == [[]] * 3
    for passes in (1, 2):  # a box without anything in it
        dark = PoseEstimator(bright, detector=around((90, 99)), passes=passes)
        assert dark(np.zeros((300, 400, 3), "uint8")) == []


def test_poses_of_low_scores_are_left_out(bright):
    image = np.maximum(dot(90, 99), dot(300, 200) // 3)
    options = {"detector": around((90, 99), (300, 200))}
    assert len(PoseEstimator(bright, **options)(image)) == 2
    estimator = PoseEstimator(bright, **options, min_pose_score=0.5)
    assert [pose.box_score for pose in estimator(image)] == [0.9]
    assert len(estimator(image, [[250, 160, 90, 80]])) == 1  # given: never left out
    search = {"detector": None, "min_pose_score": 0.5}
    assert PoseEstimator(bright, **search)(dot(90, 99) // 3) == []
    assert len(PoseEstimator(bright, **search)(dot(90, 99))) == 1
    assert len(PoseEstimator(bright, detector=None)(dot(90, 99) // 99)) == 1


def test_two_boxes_on_one_person_give_one_pose(bright):
    estimator = PoseEstimator(bright, detector=around((90, 99), (94, 102)))
    (pose,) = estimator(dot(90, 99))
    assert pose.box_score == 0.9


def test_a_further_pass_is_around_the_keypoints_of_each_person(bright):
    """The dots are small in their boxes."""
    places = (250.3, 307.7), (1203.3, 407.7)
    image = np.maximum(*(dot(*place, (1600, 1200), 12.0) for place in places))

    def detect(image):
        return [[*(np.array(place) - 450), 900, 900, 0.9] for place in places]

    def error(poses):
        joints = np.array([pose.joints for pose in poses])
        return np.abs(joints - np.array(places)[:, None]).max()

    once, twice = (
        PoseEstimator(bright, detector=detect, passes=passes, min_pose_score=-1)
        for passes in (1, 2)
    )
    assert error(twice(image)) < 0.3 < error(once(image))
    (tracked,) = twice.track([image])
    assert error(tracked) < 0.3
    boxes = [row[:4] for row in detect(image)]
    assert error(twice(image, boxes, passes=2)) < 0.3 < error(twice(image, boxes))


def test_a_crowd_is_limited_to_those_of_the_highest_scores(bright):
    places = [(20 * n % 400, 30 * (n // 20)) for n in range(200)]
    image = np.full((300, 400, 3), 200, "uint8")
    poses = PoseEstimator(bright, detector=around(*places))(image)
    assert 0 < len(poses) <= 20 and min(pose.box_score for pose in poses) > 0.85
    few = PoseEstimator(bright, detector=around(*places), max_people=3)(image)
    assert len(few) <= 3
    given, limits = load_detector(around(*places)), {"max_people": 3, "min_score": 0.8}
    few = PoseEstimator(bright, detector=given, **limits)
    assert (few.detector.max_people, few.detector.min_score) == (3, 0.8)
    assert len(few(image)) <= 3 and given.max_people == 20


def test_an_image_of_which_the_detector_fails_is_reported(bright, tmp_path):
    def detect(image):
        return [[1, 2, 50, 60]] if image[0, 0, 0] < 100 else 1 / 0

    images = [np.full((90, 80, 3), value, "uint8") for value in (50, 200, 60)]
    estimator, failed = PoseEstimator(bright, detector=detect, min_pose_score=-1), []
    with pytest.raises(DetectorError, match="'detect' failed: ZeroDivisionError"):
        estimator(images)
    images.insert(1, tmp_path / "none.jpg")
    found = [*estimator.stream(images, on_broken=lambda *each: failed.append(each))]
    assert [len(poses) for poses in found] == [1, 0, 0, 1]
    assert [type(error) for _, error in failed] == [FileNotFoundError, DetectorError]
    assert failed[0][0] is images[1] and failed[1][0] is images[2]


def test_a_network_detects_in_batches_across_images(bright, monkeypatch):
    class Network:
        input_size = heatmap_size = (400, 300)
        batches = []

        def predict_boxes(self, images, min_batch=1):
            self.batches.append(len(images))
            rows = [np.argwhere(image[..., 0] > 250).mean(0) for image in images]
            boxes = [[[x - 40, y - 30, 80, 60]] for y, x in rows]
            return np.array(boxes), np.full((len(images), 1), 0.7)

    monkeypatch.setattr("keras_hourglass.inference.estimator.core_count", lambda: 3)
    places = [(80 + 30 * n, 60 + 20 * n) for n in range(8)]
    detector = NetworkDetector(Network, "dots", 0.5)
    estimator = PoseEstimator(bright, detector=detector, batch_size=4)
    found = estimator([dot(*place) for place in places])
    np.testing.assert_allclose([pose.joints[0] for (pose,) in found], places, atol=0.5)
    assert Network.batches == [3, 3, 2]
    assert {pose.box_score for (pose,) in found} == {0.7}


def test_by_default_a_person_is_detected_and_anything_else_is_searched_for(bright):
    cat = Bright(skeleton=Skeleton(("nose", "tail")), image_size=64, **TINY)
    assert PoseEstimator(bright).detector.name == "people"
    assert PoseEstimator(bright).passes == 1
    assert PoseEstimator(cat).detector is None and PoseEstimator(cat).passes == 2
    assert PoseEstimator(cat, detector=around((9, 9))).passes == 1
    with pytest.raises(ValueError, match="Did you mean 'people'.*detector='poeple'"):
        PoseEstimator(bright, detector="poeple")
    for name in ("min_score", "min_pose_score"):
        with pytest.raises(ValueError, match=f"`{name}` must be a number"):
            PoseEstimator(bright, **{name: float("nan")})
    with pytest.raises(ValueError, match="`max_people` must be a positive integer"):
        PoseEstimator(bright, max_people=0)


def test_a_packaged_detector_runs_in_the_runtime_of_the_estimator(bright):
    detector = PoseEstimator(bright, runtime="keras").detector
    assert type(detector.load()).__name__ == "BoxPredictor"
