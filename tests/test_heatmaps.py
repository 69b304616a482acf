import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.heatmaps import DECODER_NAMES, DEFAULT_DECODER, labels
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.decode import DECODERS, decode
from keras_hourglass.heatmaps.encode import encode

SIZE = (24, 16)  # width, height


def drawn(points, sigma=1.0, size=SIZE):
    heatmaps = encode(keras.ops.convert_to_tensor(points), size, sigma)
    return keras.ops.convert_to_numpy(heatmaps)


def read(heatmaps, **kwargs):
    heatmaps = keras.ops.convert_to_tensor(heatmaps)
    return tuple(keras.ops.convert_to_numpy(v) for v in decode(heatmaps, **kwargs))


def test_a_heatmap_is_a_gaussian_around_its_joint():
    heatmap = drawn(np.array([[3.0, 5.0]], "float32"), sigma=2.0)
    assert heatmap.shape == (16, 24, 1)
    assert heatmap[5, 3, 0] == 1
    np.testing.assert_allclose(heatmap[6, 3, 0], np.exp(-1 / 8), rtol=1e-6)
    np.testing.assert_allclose(heatmap[7, 5, 0], np.exp(-1), rtol=1e-6)


@pytest.mark.parametrize("decoder", ["newton", "dark"])
@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0])
def test_decode_undoes_encode_to_a_hundredth_of_a_pixel(sigma, decoder):
    points = np.random.default_rng(0).uniform(2, 13, (5, 16, 2)).astype("float32")
    found, scores = read(drawn(points, sigma), decoder=decoder)
    np.testing.assert_allclose(found, points, atol=0.01)
    assert scores.shape == (5, 16) and (scores > 0.7).all()


@pytest.mark.parametrize("decoder", ["newton", "dark"])
def test_decode_undoes_encode_at_the_edge(decoder):
    points = np.array([[0, 0], [23, 15], [0, 7.3], [11.6, 15], [23.4, 4]], "float32")
    found, _ = read(drawn(points), decoder=decoder)
    np.testing.assert_allclose(found, points, atol=0.1)


@pytest.mark.parametrize(
    "decoder, expected",
    [
        ("argmax", [[4, 9], [0, 15], [23, 7]]),
        ("quarter", [[4.25, 8.75], [0, 15], [23, 7.25]]),  # at the edge, only along it
        ("newton", [[4.3, 8.8], [0.2, 14.9], [22.8, 7.1]]),
        ("dark", [[4.3, 8.8], [0.2, 14.9], [22.8, 7.1]]),
    ],
)
def test_each_decoder_adds_its_own_fraction(decoder, expected):
    points = np.array([[4.3, 8.8], [0.2, 14.9], [22.8, 7.1]], "float32")
    found, scores = read(drawn(points), decoder=decoder)
    np.testing.assert_allclose(found, expected, atol=0.01)
    assert (scores == drawn(points).max((0, 1))).all()  # of the unsmoothed heatmaps


def test_every_decoder_is_in_the_last_test_and_has_a_description():
    ((_, cases),) = (
        mark.args for mark in test_each_decoder_adds_its_own_fraction.pytestmark
    )
    assert {decoder for decoder, _ in cases} == {*DECODERS}
    assert all(decoder.description for decoder in DECODERS.values())


@pytest.mark.parametrize("decoder", DECODERS)
def test_arrays_are_decoded_as_tensors_are(decoder):
    """By the same lines, in NumPy; noise has peaks everywhere, also at the edge."""
    noise = np.random.default_rng(0).random((40, 15, 12, 16), dtype="float32")
    offset = (0.5, -0.25)
    expected = read(noise, decoder=decoder, offset=offset)
    for array, tensor in zip(decode(noise, offset, decoder, NUMPY), expected):
        assert array.dtype == "float32"
        np.testing.assert_allclose(array, tensor, atol=2e-3)


def test_names_of_decoders_are_read_without_keras():
    assert DECODER_NAMES == (*DECODERS,) and DEFAULT_DECODER in DECODERS
    code = "import sys, keras_hourglass.heatmaps as h; h.validate_decoder('dark'); "
    code += "assert not {'keras', 'numpy'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_decoder_suggests_a_name():
    with pytest.raises(ValueError, match="Did you mean 'dark'.*decoder='darc'"):
        read(drawn(np.zeros((1, 2), "float32")), decoder="darc")


def test_the_default_decodes_real_joints_best_through_noise(shared):
    """Joints of MPII's validation people, in windows of 32 x 32 heatmap pixels."""
    people = datasets.load_dataset("crops", shared / "mpii_crops384")
    joints = people.joints[people.weights > 0][:3200].reshape(200, 16, 2)
    points = (joints * 32 / 384).clip(0, 31).astype("float32")
    clean = drawn(points, sigma=1.0, size=(32, 32))
    random = np.random.default_rng(0)
    off = {decoder: [] for decoder in DECODERS}
    for noise in (0.02, 0.05, 0.1):
        noisy = clean + random.normal(0, noise, clean.shape).astype("float32")
        for decoder in DECODERS:
            found, _ = read(noisy, decoder=decoder)
            off[decoder].append(np.linalg.norm(found - points, axis=-1).mean())
    assert min(off, key=lambda decoder: np.mean(off[decoder])) == DEFAULT_DECODER
    assert (np.array(off[DEFAULT_DECODER]) < off["newton"]).all()
    assert (np.array(off["newton"]) < off["quarter"]).all()
    assert (np.array(off["quarter"]) < off["argmax"]).all()


def test_noise_of_two_percent_costs_a_tenth_of_a_pixel():
    random = np.random.default_rng(1)
    points = random.uniform(2, 13, (50, 16, 2)).astype("float32")
    noisy = drawn(points, 2.0) + random.normal(0, 0.02, (50, 16, 24, 16))
    found, _ = read(noisy.astype("float32"))
    assert np.abs(found - points).mean() < 0.1


def test_flat_and_negative_heatmaps_give_finite_points():
    for value in (0.0, -1.0, 1.0):
        found, scores = read(np.full((2, 16, 24, 3), value, "float32"))
        assert np.isfinite(found).all() and (scores == value).all()


def test_a_single_hot_pixel_is_found_where_it_is():
    heatmaps = np.zeros((1, 16, 24, 1), "float32")
    heatmaps[0, 9, 4] = 0.8
    found, scores = read(heatmaps)
    np.testing.assert_allclose(found[0, 0], [4, 9], atol=1e-6)
    np.testing.assert_allclose(scores, [[0.8]])


def test_keypoints_stay_within_half_a_pixel_of_the_highest():
    heatmaps = np.random.default_rng(2).random((20, 16, 24, 16), dtype="float32")
    found, _ = read(heatmaps, decoder="newton")
    flat = heatmaps.reshape(20, -1, 16).argmax(1)
    peak = np.stack([flat % 24, flat // 24], -1)
    assert np.abs(found - peak).max() <= 0.5


def test_offset_is_added_in_heatmap_pixels():
    heatmap = drawn(np.array([[[3.0, 5.0]]], "float32"))
    found, _ = read(heatmap, offset=(0.25, -0.5))
    np.testing.assert_allclose(found[0, 0], [3.25, 4.5], atol=1e-4)


def test_leading_axes_stay():
    points = np.random.default_rng(3).uniform(2, 10, (2, 3, 4, 2)).astype("float32")
    found, scores = read(drawn(points))
    assert found.shape == (2, 3, 4, 2) and scores.shape == (2, 3, 4)
    np.testing.assert_allclose(found, points, atol=0.01)


def test_a_label_is_split_into_points_weight_and_reference():
    points, weight, reference = labels.unpack(np.arange(40).reshape(2, 5, 4))
    assert points.shape == (2, 5, 2)
    assert points[1, 2].tolist() == [28, 29]
    assert weight[1, 2] == 30 and reference[1, 2] == 31
