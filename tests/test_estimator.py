"""PoseEstimator: images and boxes in, poses out."""

import os

import numpy as np
import pytest
from keras import ops

from keras_hourglass import PoseEstimator, Skeleton, StackedHourglass
from keras_hourglass.data.images.safety import ImageDecodeError

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
        ((pose,),) = PoseEstimator(bright)([dot(x, y)], [box])
        np.testing.assert_allclose(pose.joints, [[x, y]] * 2, atol=0.3)
        assert pose.names == PAIR.joints and pose.box.tolist() == box


def test_large_windows_are_shrunk_without_moving(bright):
    image = dot(801.3, 602.7, size=(1600, 1200), radius=80.0)
    ((pose,),) = PoseEstimator(bright)([image], [[200, 200, 1200, 800]])
    np.testing.assert_allclose(pose.joints, [[801.3, 602.7]] * 2, atol=1.0)


def test_without_a_box_the_second_pass_is_around_the_keypoints_of_the_first(bright):
    """A small dot on a large image: the first pass alone is pixels off."""
    image = dot(1203.3, 407.7, size=(1600, 1200), radius=12.0)
    ((pose,),) = PoseEstimator(bright)([image])
    np.testing.assert_allclose(pose.joints, [[1203.3, 407.7]] * 2, atol=8.0)
    x, y, width, height = pose.box
    assert x < 1203 < x + width and y < 408 < y + height
    assert max(width, height) == 1600 / 8  # both joints lie on the one dot


def test_a_network_of_nan_is_named_where_a_window_would_be_chosen():
    network = StackedHourglass(1, filters=8, stem_filters=4, depth=2, image_size=32)
    network.set_weights([np.full_like(each, np.nan) for each in network.get_weights()])
    image = np.zeros((40, 56, 3), "uint8")
    with pytest.raises(ValueError, match="`model` must predict finite heatmaps"):
        PoseEstimator(network)(image)


def test_a_flipped_image_gives_flipped_joints(bright):
    """With a network of averages alone: the stem of a real one is not symmetric."""
    image, box = dot(171.4, 133.8), np.array([90, 60, 161, 141])
    mirrored_box = [400 - 90 - 161, 60, 161, 141]
    estimator = PoseEstimator(bright)
    ((pose,), (mirrored,)) = estimator(
        [image, np.ascontiguousarray(image[:, ::-1])], [box, mirrored_box]
    )
    swapped = mirrored.joints[list(PAIR.flip_indices)]
    np.testing.assert_allclose(399 - swapped[:, 0], pose.joints[:, 0], atol=0.01)
    np.testing.assert_allclose(swapped[:, 1], pose.joints[:, 1], atol=0.01)


def test_as_many_poses_as_boxes_across_batches(bright):
    images, boxes = [dot(200, 150)] * 3, [[[9, 9, 50, 50]] * 3, [], [9, 9, 50, 50]]
    boxes[1] = np.zeros((0, 4))
    found = PoseEstimator(bright, batch_size=2)(images, boxes)
    assert [len(poses) for poses in found] == [3, 0, 1]


def test_as_many_people_as_boxes_in_one_image(bright):
    estimator, image = PoseEstimator(bright), dot(200, 150)
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
        return [[*low, *np.subtract(high, low)]]

    ((pose,), (other,)) = PoseEstimator(bright)([dot(90, 99), dot(300, 200)], detect)
    np.testing.assert_allclose(pose.joints, [[90, 99]] * 2, atol=0.3)
    np.testing.assert_allclose(other.joints, [[300, 200]] * 2, atol=0.3)


def test_images_are_streamed_and_few_are_in_memory(bright):
    taken, held = [], []

    def camera():
        for place in range(100, 180):
            taken.append(place)
            yield dot(place, 150)

    estimator = PoseEstimator(bright, batch_size=4)
    for count, ((pose,), place) in enumerate(
        zip(estimator.stream(camera()), range(100, 180))
    ):
        np.testing.assert_allclose(pose.joints[0], [place, 150], atol=0.5)
        held.append(len(taken) - count)
    assert max(held) <= 2 * 4 + os.cpu_count() + 1 and len(taken) == 80


def test_the_network_is_compiled_for_few_sizes_of_batches(bright, monkeypatch):
    estimator, sizes = PoseEstimator(bright, batch_size=8), []
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
        (pose,) = PoseEstimator(bright, passes=passes)(image)
        np.testing.assert_allclose(pose.joints, [[1203.3, 407.7]] * 2, atol=off)
        edges.append(max(pose.box[2:]))
    assert edges == [1600, 200, 200]


def test_windows_of_several_scales_are_averaged_on_one_grid(bright):
    box = [110, 62, 150, 120]
    for scales in [(1.2,), (0.8, 1), (0.9, 1, 1.3)]:
        estimator = PoseEstimator(bright, scales=scales, flip=True)
        ((pose,),) = estimator([dot(171.4, 133.8)], [box])
        np.testing.assert_allclose(pose.joints, [[171.4, 133.8]] * 2, atol=0.5)


@pytest.mark.parametrize(
    "box, says",
    [
        ([0, 0, 0, 9], "above 0"),
        ([0, 0, 9], "rows of x, y"),
        ([[0, 0, 9, 9, 0.5]], "rows of x, y"),
        (["a", 0, 9, 9], "rows of x, y"),
        ([[0, 0, 9, 9], [9]], "rows of x, y"),
        ([np.nan, 0, 9, 9], "finite"),
        ([0, 0, np.nan, 9], "finite"),
        ([0, 0, np.inf, 9], "finite"),
    ],
)
def test_invalid_boxes_raise_an_error(bright, box, says):
    with pytest.raises(ValueError, match=f"(?s)image 0: `boxes` must be.*{says}"):
        PoseEstimator(bright)([dot(9, 9)], [box])


def test_a_box_must_overlap_its_image(bright):
    estimator, image = PoseEstimator(bright), dot(200, 150)
    for box in ([-9, 0, 9.5, 9], [399.5, 299, 9, 9]):
        assert len(estimator(image, box)) == 1
    for box in ([-9, 0, 9, 9], [400, 0, 9, 9], [0, -20, 9, 20], [0, 300, 9, 9]):
        with pytest.raises(ValueError, match="wholly outside.*400 x 300.*Received"):
            estimator(image, [[0, 0, 9, 9], box])


def test_images_and_boxes_must_be_as_many(bright):
    estimator, image = PoseEstimator(bright), dot(9, 9)
    with pytest.raises(ValueError, match="1 images, 2 boxes"):
        estimator([image], [[0, 0, 9, 9]] * 2)
    with pytest.raises(ValueError, match="1 images, at least 2 boxes"):
        estimator(iter([image]), [[0, 0, 9, 9]] * 2)
    with pytest.raises(ValueError, match="at least 2 images, 1 boxes"):
        estimator([image] * 2, iter([[0, 0, 9, 9]]))


def test_a_file_that_is_not_an_image_raises_an_error(bright, tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    with pytest.raises(ImageDecodeError, match="text.jpg"):
        PoseEstimator(bright)([tmp_path / "text.jpg"], [[0, 0, 9, 9]])
    with pytest.raises(ValueError, match="image 1: .*of float64"):
        PoseEstimator(bright)([dot(9, 9), np.zeros((9, 9, 3))], [[0, 0, 9, 9]] * 2)
    with pytest.raises(FileNotFoundError, match="none.jpg"):
        PoseEstimator(bright)([tmp_path / "none.jpg"], [[0, 0, 9, 9]])


def test_a_stream_goes_on_after_images_that_cannot_be_read(bright, tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    names = [tmp_path / "text.jpg", dot(200, 150), tmp_path / "none.jpg", dot(200, 150)]
    failed = []
    found = PoseEstimator(bright, batch_size=1).stream(
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


@pytest.mark.parametrize("wrong", [{"passes": 0}, {"batch_size": 0}, {"scales": ()}])
def test_invalid_options_raise_an_error(bright, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"`{name}` must be.*Received: {name}="):
        PoseEstimator(bright, **wrong)
