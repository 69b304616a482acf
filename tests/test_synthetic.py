import cv2
import numpy as np
import pytest

from keras_hourglass.data.datasets import synthetic
from keras_hourglass.data.datasets.synthetic import parts, person
from keras_hourglass.data.datasets.synthetic.pose import sample_pose
from keras_hourglass.data.datasets.synthetic.scene import draw_image
from keras_hourglass.skeletons import MPII

PEOPLE, SIZE = 200, 96
SIDES = ("left", "right")


@pytest.fixture(scope="module")
def people():
    """Pixels, joints and visibility of many people, each stacked."""
    return [
        np.stack(row) for row in zip(*(draw_image(3, i, SIZE) for i in range(PEOPLE)))
    ]


@pytest.fixture(scope="module")
def bodies():
    """`(people, 16, 3)`, in standing heights."""
    random = np.random.default_rng(0)
    return np.stack([sample_pose(random).joints for _ in range(PEOPLE)])


def lengths(points, first, second):
    a, b = MPII.indices([first, second])
    return np.linalg.norm(points[:, a] - points[:, b], axis=-1)


def test_an_image_is_the_same_to_the_byte_whenever_it_is_drawn():
    first = draw_image(1, 7, SIZE)
    draw_image(2, 3, SIZE)
    for before, after in zip(first, draw_image(1, 7, SIZE), strict=True):
        assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize("seed, index", [(1, 8), (2, 7), (7, 1)])
def test_another_index_or_seed_gives_another_image(seed, index):
    pixels, joints, _ = draw_image(1, 7, SIZE)
    others = draw_image(seed, index, SIZE)
    assert not np.array_equal(pixels, others[0])
    assert not np.allclose(joints, others[1], atol=1)


@pytest.mark.parametrize("size", [64, 192, 600])
def test_images_have_the_requested_size(size):
    pixels, joints, visible = draw_image(0, 0, size)
    assert pixels.shape == (size, size, 3) and pixels.dtype == np.uint8
    assert joints.shape == (16, 2) and joints.dtype == np.float64
    assert visible.shape == (16,) and visible.dtype == bool


def test_nearly_all_joints_lie_in_the_central_window(people):
    _, joints, _ = people
    assert np.isfinite(joints).all()
    away = np.abs(joints - (SIZE - 1) / 2) * 2
    assert (away < SIZE / 1.5).all(axis=-1).mean() > 0.97


def test_most_joints_are_visible_but_not_all(people):
    _, _, visible = people
    assert 0.75 < visible.mean() < 0.95
    assert 0.5 < visible.mean(axis=0).min()


@pytest.mark.parametrize("bone", ["knee ankle", "hip knee", "elbow wrist"])
def test_left_and_right_bones_are_equally_long(bodies, bone):
    names = [[f"{side}_{end}" for end in bone.split()] for side in SIDES]
    left, right = (lengths(bodies, *ends) for ends in names)
    np.testing.assert_allclose(left, right)


@pytest.mark.parametrize(
    "first, second, shortest, longest",
    [
        ("left_knee", "left_ankle", 0.2, 0.3),
        ("left_hip", "left_knee", 0.2, 0.3),
        ("left_shoulder", "left_elbow", 0.13, 0.22),
        ("left_elbow", "left_wrist", 0.11, 0.19),
        ("pelvis", "thorax", 0.22, 0.35),
        ("upper_neck", "head_top", 0.1, 0.16),
        ("left_shoulder", "right_shoulder", 0.14, 0.26),
    ],
)
def test_bones_have_human_lengths(bodies, first, second, shortest, longest):
    length = lengths(bodies, first, second)
    assert shortest < length.min() and length.max() < longest


@pytest.mark.parametrize("limb", ["hip knee ankle", "shoulder elbow wrist"])
def test_legs_and_arms_bend_but_do_not_fold_flat(bodies, limb):
    names = [f"right_{end}" for end in limb.split()]
    a, b, c = (bodies[:, joint] for joint in MPII.indices(names))
    cosine = ((a - b) * (c - b)).sum(axis=-1)
    cosine /= np.linalg.norm(a - b, axis=-1) * np.linalg.norm(c - b, axis=-1)
    inner = np.degrees(np.arccos(cosine.clip(-1, 1)))
    assert inner.min() > 30 and inner.max() > 165


def test_people_face_the_camera_as_often_as_not(bodies):
    right, left = MPII.indices(["right_shoulder", "left_shoulder"])
    assert 0.4 < (bodies[:, right, 0] < bodies[:, left, 0]).mean() < 0.6


def test_the_nose_points_away_from_the_back_of_a_person_upright():
    random = np.random.default_rng(1)
    for _ in range(PEOPLE):
        body = sample_pose(random)
        across = body.points["left_shoulder"] - body.points["right_shoulder"]
        up = body.points["thorax"] - body.points["waist"]
        # Left, up and front are a right-handed three; the image's y points down.
        front = -np.cross(across, up)
        assert front @ body.frames["chest"][:, 2] > 0


def test_a_limb_lies_where_its_ends_are():
    random = np.random.default_rng(2)
    for _ in range(20):
        ends = random.uniform(20, 76, (2, 2))
        pixels = np.zeros((96, 100, 3), "uint8")
        parts.fill_limb(pixels, ends, [6.0, 6.0], (255, 255, 255))
        weight = pixels[..., 0].astype(float)
        y, x = np.mgrid[:96, :100]
        found = [(weight * x).sum(), (weight * y).sum()] / weight.sum()
        np.testing.assert_allclose(found, ends.mean(axis=0), atol=0.1)


def test_a_painted_disc_is_as_large_as_its_radius_says():
    pixels = np.zeros((96, 100, 3), "uint8")
    parts.fill_limb(pixels, [[40.3, 50.7], [40.3, 50.7]], [12.0, 12.0], (255, 255, 255))
    area = pixels[..., 0].sum() / 255
    assert np.sqrt(area / np.pi) == pytest.approx(12, abs=0.3)


def test_a_wrist_is_painted_where_its_label_says():
    random = np.random.default_rng(4)
    numbers = [
        person.PART_INDICES["left_forearm"],
        person.PART_INDICES["right_forearm"],
    ]
    for _ in range(20):
        body = sample_pose(random).placed(np.array([150.0, 150.0]), 160.0)
        part_map = np.zeros((300, 300), "uint8")
        person.draw_person(random, np.zeros((300, 300, 3), "uint8"), body, part_map)
        joints = body.joints[:, :2]
        shown = person.visible_joints(joints, part_map)
        for name, number in zip(SIDES, numbers, strict=True):
            wrist = MPII.joints.index(f"{name}_wrist")
            x, y = np.rint(joints[wrist]).astype(int)
            assert shown[wrist] == (part_map[y, x] in (0, number))


def test_an_occluder_or_the_edge_of_the_image_hides_a_joint():
    joints = np.full((16, 2), 5.0)
    part_map = np.zeros((10, 12), "uint8")
    joints[1], joints[2] = (11.4, 9.4), (11.6, 5)
    assert (
        person.visible_joints(joints, part_map).tolist()
        == [True, True, False] + [True] * 13
    )
    part_map[:] = person.OCCLUDER
    assert not person.visible_joints(joints, part_map).any()


def test_the_number_of_opencv_threads_changes_nothing():
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = draw_image(5, 5)[0]
        cv2.setNumThreads(4)
        assert np.array_equal(alone, draw_image(5, 5)[0])
    finally:
        cv2.setNumThreads(threads)


def test_images_that_do_not_fit_into_memory_are_drawn_anew(monkeypatch):
    monkeypatch.setattr(synthetic, "MAX_CACHE", 250)
    drawn = []

    @synthetic.keep_first
    def draw(image):
        drawn.append(image)
        return np.full(100, int(image), "uint8")

    for _ in range(3):
        assert [int(draw(image)[0]) for image in "123"] == [1, 2, 3]
    assert drawn == [*"123", "3", "3"]
