from dataclasses import replace

import numpy as np
import pytest
from keras import ops

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.images import decoding
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.geometry import Window
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.heatmaps.encode import encode
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.skeletons.names import SIDES

HIPS = Skeleton(("left_hip", "pelvis", "right_hip"), reference="head")
JOINTS = [[70.4, 60.3], [101.2, 45.5], [130.5, 88.2]]
IMAGE, HEATMAP = (96, 128), (24, 32)
NOTHING = {"scale": 0, "rotation": 0, "color": 0}


def params(preprocessor, index, epoch=0):
    """Parameters of one sample."""
    return preprocessor.sample_params([(epoch, index)])[0]


@pytest.fixture
def people():
    row = {
        **{"image": "a", "joints": JOINTS, "weights": [0.5, 1, 0.25]},
        **{"center": [100, 70], "side": 160, "head_size": 10},
    }
    return from_rows(HIPS, [row] * 3)


def sampler(people, **strengths):
    augmentation = Augmentation(**strengths) if strengths else None
    return Preprocessor(people, IMAGE, HEATMAP, augmentation)


def test_a_label_is_the_joint_on_the_heatmap_its_weight_and_the_head(people):
    still = sampler(people)
    points, weight, reference = unpack(still.labels([0], [params(still, 0)])[0])
    # 160 image pixels, around (100, 70), are 32 heatmap pixels: 5 to 1.
    expected = (np.array(JOINTS) - (100, 70)) / 5 + (11.5, 15.5)
    np.testing.assert_allclose(points, expected, rtol=1e-5)
    np.testing.assert_allclose(weight, [0.5, 1, 0.25])
    np.testing.assert_allclose(reference, 10 / 5)


def test_without_a_head_the_reference_is_the_longer_side_of_the_box(people):
    """In heatmap pixels, of windows of any scale and angle."""
    boxes = replace(people, skeleton=replace(HIPS, reference="box"))
    joints = np.array(JOINTS)
    of_joints = (joints.max(0) - joints.min(0)).max()
    given = replace(boxes, box_sizes=np.array([[40, 90]] * 3, "float32"))
    varied = Augmentation(scale=0.5, rotation=40, flip=0.5)
    for listed, length in [(boxes, of_joints), (given, 90)]:
        for augmentation in (None, varied):
            preprocessor = Preprocessor(listed, IMAGE, HEATMAP, augmentation)
            views = preprocessor.sample_params([(3, 0), (4, 1)])
            labels = preprocessor.labels([0, 1], views)
            scales = [view.window.scale(HEATMAP) for view in views]
            for reference, scale in zip(labels[..., 3], scales):
                np.testing.assert_allclose(reference, length * scale, rtol=1e-5)


def test_a_joint_lies_on_the_image_where_its_heatmap_pixel_4k_and_1_5_says(
    people, dotted, found
):
    still = sampler(people)
    for joint, place in enumerate(JOINTS):
        region = decoding.whole_region(dotted(place, (220, 160), 4))
        image, label = still.sample(region, 0, params(still, 0))
        assert image.shape == (128, 96, 3) and image.dtype == np.uint8
        assert label.dtype == np.float32
        expected = 4 * label[joint, :2] + 1.5
        np.testing.assert_allclose(found(image), expected, atol=0.05)


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("epoch", range(3))
def test_augmented_joints_lie_where_the_augmented_image_shows_them(
    people, dotted, found, index, epoch
):
    varied = sampler(people, scale=0.25, rotation=30, flip=0.5, shift=0.05, color=0.2)
    view = params(varied, index, epoch)
    region = decoding.whole_region(dotted(JOINTS[1], (220, 160), 4))
    image, label = varied.sample(region, index, view)
    # The pelvis is its own twin.
    np.testing.assert_allclose(found(image), 4 * label[1, :2] + 1.5, atol=0.1)


@pytest.mark.parametrize("index", range(6))
def test_joints_of_half_a_body_lie_where_its_image_shows_them(dotted, found, index):
    names = [side + joint for joint in ("shoulder", "hip", "knee") for side in SIDES]
    joints = [[80.2, 40.1], [99.3, 44.7], [84.6, 71.4], [97.2, 76.3]]
    joints += [[83.5, 99.6], [101.9, 95.2]]
    row = {"image": "a", "joints": joints, "weights": [1] * 5 + [0]}
    row |= {"center": [91, 70], "side": 160, "head_size": 10}
    people = from_rows(Skeleton(tuple(names)), [row] * 6)
    made = sampler(people, half_body=1, color=0, rotation=20, rotation_share=1)
    view = params(made, index)
    seen = view.window.to_grid(people.joints[index], (1, 1))
    # Two shoulders are too few: it is the lower body, without the unlabeled knee.
    assert np.abs(seen[2:5]).max() < 0.5
    assert np.linalg.norm(view.window.down) <= 1.25 * 0.4 * 160
    region = decoding.whole_region(dotted(joints[3], (220, 160), 2.5))
    image, label = made.sample(region, index, view)
    joint = people.skeleton.flip_indices[3] if view.flipped else 3
    np.testing.assert_allclose(found(image), 4 * label[joint, :2] + 1.5, atol=0.05)
    assert (label[:, 2] > 0).sum() == 5


def test_a_flip_exchanges_left_and_right_and_mirrors_image_and_joints(
    people, dotted, found
):
    still, flipping = sampler(people), sampler(people, **NOTHING, flip=1)
    region = decoding.whole_region(dotted(JOINTS[0], (220, 160), 4))
    image, label = still.sample(region, 0, params(still, 0))
    flipped_image, flipped = flipping.sample(region, 0, params(flipping, 0))
    np.testing.assert_allclose(flipped_image, image[:, ::-1], atol=1)
    exchanged = label[[2, 1, 0]]
    np.testing.assert_allclose(flipped[:, 0], 23 - exchanged[:, 0], rtol=1e-5)
    np.testing.assert_allclose(flipped[:, 1:], exchanged[:, 1:], rtol=1e-5)
    # What was the left hip is the right one, where its image is.
    np.testing.assert_allclose(found(flipped_image), 4 * flipped[2, :2] + 1.5, atol=0.1)


def test_a_larger_window_makes_head_and_distances_smaller_alike(people):
    still = sampler(people)
    view = params(still, 0)
    views = [view, view._replace(window=view.window.scaled(1.25).turned(0.4))]
    near, far = still.labels([0, 0], views)
    apart = [np.linalg.norm(label[0, :2] - label[1, :2]) for label in (near, far)]
    assert apart[0] / apart[1] == pytest.approx(1.25, rel=1e-5)
    np.testing.assert_allclose(near[:, 3] / far[:, 3], 1.25, rtol=1e-5)


def test_a_joint_outside_of_the_window_keeps_its_place_and_weight(people):
    still = sampler(people)
    view = params(still, 0)
    view = view._replace(window=view.window.moved(2, 0))
    points, weight, _ = unpack(still.labels([0], [view])[0])
    assert (points[:, 0] < -12).all()
    np.testing.assert_allclose(weight, [0.5, 1, 0.25])


def test_joints_beyond_the_end_of_a_photograph_lie_outside_of_the_heatmap(people):
    ended = sampler(people, **NOTHING, flip=0, truncation=1)
    whole = sampler(people, **NOTHING, flip=0).labels([0], [params(ended, 0)])
    pixels = np.full((200, 200, 3), 255, "uint8")
    hidden = 0
    for epoch in range(20):
        drawn = params(ended, 0, epoch)
        image, label = ended.sample(decoding.whole_region(pixels), 0, drawn)
        for joint, place in zip(label, whole[0]):
            column, row = np.rint(place[:2] * 4 + 1.5).astype(int)
            if image[row, column].any():
                np.testing.assert_array_equal(joint, place)
            else:
                hidden += 1
                assert joint[:2].max() < 0 and joint[2] == place[2]
    assert 5 < hidden < 55


def test_the_same_epoch_and_index_always_give_the_same_sample(people, dotted):
    region = decoding.whole_region(dotted(JOINTS[1], (220, 160), 20))

    def samples(seed, places):
        made = Preprocessor(people, IMAGE, HEATMAP, Augmentation(), seed)
        return {
            (epoch, index): made.sample(region, index, params(made, index, epoch))
            for epoch, index in places
        }

    places = [(epoch, index) for epoch in range(2) for index in range(3)]
    first, again = samples(7, places), samples(7, places[::-1])
    for place in places:
        for one, other in zip(first[place], again[place], strict=True):
            np.testing.assert_array_equal(one, other)
    labels = [label for _, label in (*first.values(), *samples(8, places).values())]
    assert len({label.tobytes() for label in labels}) == 12


def test_the_window_has_the_networks_aspect_and_its_longer_edge_is_the_side(people):
    window = sampler(people).sample_params([(0, 0)])[0].window
    np.testing.assert_allclose(window.right, [160 * 96 / 128, 0])
    np.testing.assert_allclose(window.down, [0, 160])
    np.testing.assert_allclose(window.center, [100, 70])


# What smooths misses a part of the Gaussians on the rim.
@pytest.mark.parametrize("decoder, inside_by", [("newton", 1), ("dark", 2)])
def test_real_joints_come_back_from_their_heatmaps(annotated, decoder, inside_by):
    people = annotated.split("val")[::3]
    image, size = (256, 256), (64, 64)
    sampler = Preprocessor(people, image, size)
    views = [params(sampler, index) for index in range(len(people))]
    windows = [view.window for view in views]
    points, weight, _ = unpack(sampler.labels(range(len(people)), views))
    # Heatmap pixels from the window's edge, at least.
    inside = (np.abs(points - 31.5) < 32 - inside_by).all(-1) & (weight > 0)
    assert inside.sum() > 0.97 * (weight > 0).sum()
    decoded = np.concatenate(
        [
            ops.convert_to_numpy(
                decode(encode(ops.array(some), size, 1.0), decoder=decoder)[0]
            )
            for some in np.array_split(points, 4)
        ]
    )
    stacked = Window(*map(np.stack, zip(*windows)))
    back = stacked.to_grid(stacked.to_image(decoded, size), image)
    truth = stacked.to_grid(people.joints, image)
    assert np.abs(back - truth)[inside].max() < 0.5


def test_photometric_augmentation_changes_no_label(people):
    strengths = dict.fromkeys(("patches", "limbs", "blur", "jpeg"), 1.0)
    plain, painted = (
        sampler(people, half_body=0.3),
        sampler(
            people,
            half_body=0.3,
            contrast=0.5,
            saturation=0.5,
            brightness=0.3,
            **strengths,
        ),
    )
    random = np.random.default_rng(0)
    region = decoding.whole_region(random.integers(0, 256, (160, 220, 3), "uint8"))
    for epoch in range(10):
        image, label = plain.sample(region, 1, params(plain, 1, epoch), region)
        other, same = painted.sample(region, 1, params(painted, 1, epoch), region)
        np.testing.assert_array_equal(label, same)
        assert np.abs(image - other.astype(float)).mean() > 5
