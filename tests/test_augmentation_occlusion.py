from dataclasses import replace

import numpy as np
import pytest

from keras_hourglass.data.augmentation import Augmentation, occlusion
from keras_hourglass.data.images import decoding
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.skeletons import Skeleton

ARM = Skeleton(tuple(s + j for j in ("elbow", "wrist") for s in ("left_", "right_")))
JOINTS = [[60.3, 50.2], [130.4, 50.6], [80.7, 90.4], [111.2, 88.8]]
IMAGE, HEATMAP = (96, 128), (24, 32)
STILL = {"scale": 0, "rotation": 0, "flip": 0, "color": 0}


def params(preprocessor, index, epoch=0):
    """Parameters of one sample."""
    return preprocessor.sample_params([(epoch, index)])[0]


@pytest.fixture
def people():
    row = {"weights": np.ones(4), "center": [95, 70], "side": 160, "head_size": 10}
    places = [{"image": str(i), "joints": np.add(JOINTS, i)} for i in range(5)]
    return from_rows(ARM, [{**row, **place} for place in places])


def limbs(people, index=1, count=200):
    random = np.random.default_rng(0)
    return [
        occlusion.sample_occluder(people, index, IMAGE, random) for _ in range(count)
    ]


def test_occluders_are_limbs_of_all_other_people(people):
    for index in range(5):
        occluders = {limb.index for limb in limbs(people, index)}
        assert occluders == {*range(5)} - {index}


def test_an_occluder_is_a_limb_with_both_ends_labeled(people):
    weights = people.weights.copy()
    weights[:, 1] = 0
    for limb in limbs(replace(people, weights=weights)):
        np.testing.assert_array_equal(limb.ends, people.joints[limb.index][[0, 2]])


def test_limbs_of_a_skeleton_without_arms_and_legs_are_its_own(people):
    names = ("snout", "withers", "tail base", "tail end")
    none = replace(people, skeleton=Skeleton(names))
    assert {*limbs(none)} == {None}
    dog = Skeleton(names, limbs=[("withers", "tail base"), ("snout", "withers")])
    ends = [limb.ends.tolist() for limb in limbs(replace(people, skeleton=dog)[[0, 1]])]
    expected = people.joints[0][[1, 2]].tolist(), people.joints[0][[0, 1]].tolist()
    assert all(pair in expected for pair in ends) and all(e in ends for e in expected)


def test_without_others_or_labeled_limbs_there_is_no_occluder(people):
    assert {*limbs(people[[0]], index=0)} == {None}
    unlabeled = replace(people, weights=np.zeros_like(people.weights))
    assert {*limbs(unlabeled)} == {None}


def test_an_occluder_is_about_as_long_as_on_its_own_sample_and_near_the_middle(people):
    lengths = []
    for limb in limbs(people):
        shares = limb.window.to_grid(limb.ends, (1, 1))
        assert np.abs(shares.mean(axis=0)).max() <= occlusion.MAX_OFFSET
        grid = limb.window.to_grid(limb.ends, IMAGE)
        # 160 pixels of the image are 128 of the image.
        whole = np.linalg.norm(limb.ends[1] - limb.ends[0]) * 128 / 160
        lengths.append(np.linalg.norm(grid[1] - grid[0]) / whole)
    assert min(lengths) == pytest.approx(0.75, abs=0.02)
    assert max(lengths) == pytest.approx(1.25, abs=0.02)


def test_a_limb_is_pasted_where_its_window_says_and_nothing_else_changes(
    people, dotted, found
):
    for limb in limbs(people, count=20):
        middle = limb.ends.mean(axis=0)
        region = decoding.whole_region(dotted(middle, (220, 160), 2.5))
        image = limb.paste(np.zeros((128, 96, 3), "uint8"), region)
        expected = limb.window.to_grid(middle[None], IMAGE)[0]
        np.testing.assert_allclose(found(image), expected, atol=0.05)
        around = limb.paste(np.full((128, 96, 3), 77, "uint8"), region)
        changed = (around != 77).any(axis=-1)
        length = np.linalg.norm(np.diff(limb.window.to_grid(limb.ends, IMAGE), axis=0))
        area = occlusion.LIMB_WIDTH * length**2 * (1 + np.pi / 4 * occlusion.LIMB_WIDTH)
        assert changed.sum() == pytest.approx(area, rel=0.3)


def test_a_share_of_samples_has_a_limb_pasted_over_it_and_labels_stay(people):
    still = Preprocessor(people, IMAGE, HEATMAP, Augmentation(**STILL))
    varied = Preprocessor(people, IMAGE, HEATMAP, Augmentation(**STILL, limbs=0.3))
    region = decoding.whole_region(np.full((160, 220, 3), 60, "uint8"))
    occluder = decoding.whole_region(np.full((160, 220, 3), 200, "uint8"))
    bright = []
    for epoch in range(100):
        view = params(varied, 1, epoch)
        image, label = varied.sample(region, 1, view, occluder)
        without, expected = still.sample(region, 1, params(still, 1, epoch))
        np.testing.assert_array_equal(label, expected)
        assert (view.occluder is None) == (image == without).all()
        bright.append((image == 200).any())
    assert np.mean(bright) == pytest.approx(0.3, abs=0.1)


def test_a_sample_with_a_limb_depends_on_seed_epoch_and_index_alone(people):
    one, other = (
        Preprocessor(people, IMAGE, HEATMAP, Augmentation(limbs=1)) for _ in "ab"
    )
    views = [
        params(one, 2, 3),
        [params(other, i, 3) for i in (4, 2)][1],
    ]
    assert views[0].occluder.index == views[1].occluder.index
    np.testing.assert_array_equal(views[0].occluder.window, views[1].occluder.window)
    assert (
        len({params(one, 2, epoch).occluder.window.center[0] for epoch in range(9)})
        == 9
    )


def test_patches_are_one_or_two_shapes_of_one_color_within_their_sizes():
    random, areas = np.random.default_rng(0), []
    for _ in range(200):
        image = occlusion.paste_patches(np.zeros((128, 96, 3), "uint8"), random)
        colors, counts = np.unique(image.reshape(-1, 3), axis=0, return_counts=True)
        assert 1 <= len(colors) <= 1 + occlusion.MAX_PATCHES
        areas += counts[1:].tolist()
    # Of the 96 pixels of the shorter edge: all of a box, and its rim.
    assert max(areas) <= (0.4 * 96 + 2) ** 2
    assert np.median(areas) > (0.2 * 96) ** 2


def test_a_share_of_samples_is_patched_and_labels_stay(people):
    still = Preprocessor(people, IMAGE, HEATMAP, Augmentation(**STILL))
    varied = Preprocessor(people, IMAGE, HEATMAP, Augmentation(**STILL, patches=0.4))
    region = decoding.whole_region(np.full((160, 220, 3), 60, "uint8"))
    patched = []
    for epoch in range(200):
        image, label = varied.sample(region, 1, params(varied, 1, epoch))
        without, expected = still.sample(region, 1, params(still, 1, epoch))
        np.testing.assert_array_equal(label, expected)
        patched.append((image != without).any())
    # Some lie in a corner, and nothing is seen of them.
    assert np.mean(patched) == pytest.approx(0.4, abs=0.1)
