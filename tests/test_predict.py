import cv2
import keras
import numpy as np
import pytest

from keras_hourglass import PoseEstimator, Skeleton, StackedHourglass
from keras_hourglass.data.picture import BrokenPicture
from keras_hourglass.geometry import Crop
from keras_hourglass.predict import find, load
from keras_hourglass.predict.windows import around

TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 2}
PAIR = Skeleton(("left_eye", "right_eye"))


class Bright(StackedHourglass):
    """Finds what is brightest: a network whose answer can be worked out.

    Averages over 4 x 4 pixels keep a heatmap pixel over the image pixels that the
    geometry says; the stem's convolution would be half a pixel off.
    """

    def predict_on_batch(self, images):
        gray = np.asarray(images, "float32").mean(-1) / 255
        batch, height, width = gray.shape
        cells = gray.reshape(batch, height // 4, 4, width // 4, 4).mean((2, 4))
        return np.stack([cells, cells], -1)[:, None]


@pytest.fixture
def bright():
    return Bright(skeleton=PAIR, image_size=(64, 96), **TINY)


def dot(x, y, size=(400, 300), radius=20.0):
    """A soft dot, `size` = (width, height)."""
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    soft = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius**2))
    return np.repeat(np.rint(255 * soft).astype("uint8")[..., None], 3, -1)


def test_a_dot_is_found_where_it_lies_on_the_picture(bright):
    random = np.random.default_rng(0)
    for _ in range(5):
        x, y = random.uniform((120, 100), (280, 200))
        box = [x - 80 + random.uniform(-9, 9), y - 60, 150, 120]
        ((pose,),) = PoseEstimator(bright)([dot(x, y)], [box])
        np.testing.assert_allclose(pose.joints, [[x, y]] * 2, atol=0.3)
        assert pose.names == PAIR.joints and pose.box.tolist() == box


def test_large_windows_are_shrunk_without_moving(bright):
    picture = dot(801.3, 602.7, size=(1600, 1200), radius=80.0)
    ((pose,),) = PoseEstimator(bright)([picture], [[200, 200, 1200, 800]])
    np.testing.assert_allclose(pose.joints, [[801.3, 602.7]] * 2, atol=1.0)


def test_without_a_box_the_second_look_is_around_what_was_found(bright):
    """A small dot on a large picture: the first look alone is pixels off."""
    picture = dot(1203.3, 407.7, size=(1600, 1200), radius=12.0)
    ((pose,),) = PoseEstimator(bright)([picture])
    np.testing.assert_allclose(pose.joints, [[1203.3, 407.7]] * 2, atol=8.0)
    x, y, width, height = pose.box
    assert x < 1203 < x + width and y < 408 < y + height
    assert max(width, height) == 1600 / 8  # both joints lie on the one dot


def test_joints_that_are_not_sure_do_not_widen_the_second_look():
    joints = np.array([[10.0, 10.0], [110.0, 60.0], [900.0, 900.0]])
    scores, seen = np.array([0.9, 0.8, 0.1]), Crop.of_box(np.array([0, 0, 999, 800]))
    window = around(joints, scores, seen, (64, 64))
    np.testing.assert_allclose(window.center, [60, 35])
    np.testing.assert_allclose(window.right, [1.4 * 100, 0])


def test_a_flipped_picture_gives_flipped_joints(bright):
    """With a network of averages alone: the stem of a real one is not symmetric."""
    picture, box = dot(171.4, 133.8), np.array([90, 60, 161, 141])
    mirrored_box = [400 - 90 - 161, 60, 161, 141]
    estimator = PoseEstimator(bright)
    ((pose,), (mirrored,)) = estimator(
        [picture, np.ascontiguousarray(picture[:, ::-1])], [box, mirrored_box]
    )
    swapped = mirrored.joints[list(PAIR.mirror)]
    np.testing.assert_allclose(399 - swapped[:, 0], pose.joints[:, 0], atol=0.01)
    np.testing.assert_allclose(swapped[:, 1], pose.joints[:, 1], atol=0.01)


def test_the_offset_of_a_network_is_added_but_for_x_when_flipped(bright):
    images = np.stack([cv2.resize(dot(200, 150), (96, 64))])
    plain, _ = find(bright, images)
    bright.offset = (0.5, -0.25)
    np.testing.assert_allclose(find(bright, images)[0] - plain, [[[0.5, -0.25]] * 2])
    bright.offset = (0, 0)
    both, _ = find(bright, images, flip=True)
    bright.offset = (0.5, -0.25)
    off = find(bright, images, flip=True)[0] - both
    np.testing.assert_allclose(off, [[[0, -0.25]] * 2], atol=1e-6)


def test_as_many_poses_as_boxes_across_batches(bright):
    pictures, boxes = [dot(200, 150)] * 3, [[[9, 9, 50, 50]] * 3, [], [9, 9, 50, 50]]
    boxes[1] = np.zeros((0, 4))
    found = PoseEstimator(bright, batch_size=2)(pictures, boxes)
    assert [len(poses) for poses in found] == [3, 0, 1]


def test_files_and_arrays_are_the_same(bright, tmp_path):
    cv2.imwrite(str(tmp_path / "dot.png"), dot(200, 150))
    pictures = [tmp_path / "dot.png", str(tmp_path / "dot.png"), dot(200, 150)]
    found = PoseEstimator(bright)(pictures, [[100, 80, 200, 140]] * 3)
    for (pose,) in found[1:]:
        np.testing.assert_array_equal(pose.joints, found[0][0].joints)


@pytest.mark.parametrize(
    "box, says",
    [
        ([0, 0, 0, 9], "above 0"),
        ([0, 0, 9], "rows of x, y"),
        ([np.nan, 0, 9, 9], "finite"),
    ],
)
def test_impossible_boxes_are_refused(bright, box, says):
    with pytest.raises(ValueError, match=f"`boxes` must be.*{says}"):
        PoseEstimator(bright)([dot(9, 9)], [box])


def test_pictures_and_boxes_must_be_as_many(bright):
    with pytest.raises(ValueError, match="1 pictures, 2 boxes"):
        PoseEstimator(bright)([dot(9, 9)], [[0, 0, 9, 9]] * 2)


def test_what_is_no_picture_is_refused(bright, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(BrokenPicture, match="text.jpg"):
        PoseEstimator(bright)([tmp_path / "text.jpg"], [[0, 0, 9, 9]])
    with pytest.raises(ValueError, match="float64"):
        PoseEstimator(bright)([np.zeros((9, 9, 3))], [[0, 0, 9, 9]])
    with pytest.raises(FileNotFoundError):
        PoseEstimator(bright)([tmp_path / "none.jpg"], [[0, 0, 9, 9]])


def test_what_is_no_stacked_hourglass_is_refused(tmp_path):
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    other.save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="must hold a StackedHourglass.*Sequential"):
        load(tmp_path / "other.keras")
    (tmp_path / "text.keras").write_text("no model")
    with pytest.raises(ValueError, match="text.keras is no readable Keras model"):
        load(tmp_path / "text.keras")
    with pytest.raises(FileNotFoundError, match="none.keras"):
        load(tmp_path / "none.keras")
    with pytest.raises(ValueError, match="the preset has none"):
        load("hg2")
