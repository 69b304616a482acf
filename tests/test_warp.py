import cv2
import numpy as np
import pytest

from keras_hourglass.data.images import decoding
from keras_hourglass.data.warp import (
    MAX_FINENESS,
    antialias,
    crop_to_window,
    shrink,
    warp,
    window_of_box,
    window_of_joints,
)
from keras_hourglass.geometry import Window

SIZE = (120, 90)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle", [0.0, 0.7, -2.5])
@pytest.mark.parametrize("side", [60.0, 110.0, 170.0])
def test_a_dot_is_found_after_crop_turn_scale_and_flip_together(
    dotted, found, side, angle, mirrored
):
    place = np.array([103.4, 71.85])
    region = decoding.whole_region(dotted(place, (200, 150), 3))
    window = Window.from_center(place + (5.2, -4.7), np.float64(side), SIZE).turned(
        angle
    )
    window = window.mirrored() if mirrored else window
    expected = window.to_grid(place[None], SIZE)[0]
    np.testing.assert_allclose(found(warp(region, window, SIZE)), expected, atol=0.05)


@pytest.mark.parametrize("angle, mirrored", [(0.0, False), (0.7, True), (-2.5, False)])
@pytest.mark.parametrize("side", [700.0, 1500.0])
def test_a_dot_is_found_after_shrinking_and_warping(
    dotted, found, side, angle, mirrored
):
    place = np.array([803.4, 571.85])
    region = decoding.whole_region(dotted(place, (1601, 1203), side / 40))
    window = Window.from_center(place + (52, -47), np.float64(side), SIZE).turned(angle)
    window = window.mirrored() if mirrored else window
    small = shrink(region, window, SIZE)
    assert small.size[0] <= 801
    expected = window.to_grid(place[None], SIZE)[0]
    np.testing.assert_allclose(found(warp(small, window, SIZE)), expected, atol=0.05)


def test_the_window_of_the_whole_image_is_the_image():
    pixels = np.random.default_rng(0).integers(0, 255, (90, 120, 3), "uint8")
    region = decoding.whole_region(pixels)
    np.testing.assert_array_equal(warp(region, region.place, SIZE), pixels)
    mirrored = warp(region, region.place.mirrored(), SIZE)
    np.testing.assert_array_equal(mirrored, pixels[:, ::-1])


def test_pixels_that_were_read_from_a_box_give_the_same_window():
    pixels = np.random.default_rng(1).integers(0, 255, (150, 200, 3), "uint8")
    window = Window.from_center(np.array([90.5, 70.25]), np.float64(60), SIZE).turned(
        0.5
    )
    box = decoding.region_of_box(pixels[20:130, 35:150], (35, 20, 115, 110))
    expected = warp(decoding.whole_region(pixels), window, SIZE).astype(int)
    np.testing.assert_allclose(warp(box, window, SIZE), expected, atol=2)


def test_where_the_image_has_no_pixels_the_window_is_black():
    region = decoding.whole_region(np.full((90, 120, 3), 255, "uint8"))
    image = warp(region, region.place.moved(0.5, 0), SIZE)
    assert (image[:, :60] == 255).all() and (image[:, 60:] == 0).all()


def test_shrinking_goes_on_while_pixels_are_over_twice_as_fine_as_the_grid():
    region = decoding.whole_region(np.zeros((1000, 1000, 3), "uint8"))
    for side, expected in [(200, 1000), (241, 500), (480, 500), (481, 250)]:
        window = Window.from_center(np.zeros(2), np.float64(side), SIZE)
        assert shrink(region, window, SIZE).size == (expected, expected)


def test_shrinking_takes_means_of_2_by_2_and_drops_an_odd_last_row_and_column():
    pixels = np.random.default_rng(2).integers(0, 255, (91, 121, 3), "uint8")
    window = Window.from_center(np.zeros(2), np.float64(300), SIZE)
    small = shrink(decoding.whole_region(pixels), window, SIZE)
    means = pixels[:90, :120].reshape(45, 2, 60, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(small.pixels, means, atol=0.51)
    corner = small.place.to_image(np.array([[0.0, 0.0], [59, 44]]), small.size)
    np.testing.assert_allclose(corner, [[0.5, 0.5], [118.5, 88.5]])


def test_shrinking_ends_when_nothing_is_left_to_halve():
    region = decoding.whole_region(np.zeros((1, 40, 3), "uint8"))
    window = Window.from_center(np.zeros(2), np.float64(1e6), SIZE)
    assert shrink(region, window, SIZE).size == (40, 1)


def fine(pattern, size=600):
    """A image of black and white, the finest there is."""
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    pattern = {"checkerboard": (x + y) % 2, "stripes": x % 2, "lines": y % 2}[pattern]
    return np.repeat((255 * pattern[..., None]).astype("uint8"), 3, axis=-1)


@pytest.mark.parametrize("pattern", ["checkerboard", "stripes", "lines"])
@pytest.mark.parametrize("finer", [1.35, 1.5, 1.8, 2, 2.3, 3, 4])
def test_too_fine_detail_becomes_gray_at_least_as_well_as_by_means_over_areas(
    pattern, finer
):
    region = decoding.whole_region(fine(pattern))
    side = np.float64(120 * finer)
    window = Window.from_center(np.array([300.3, 299.6]), side, SIZE).turned(0.03)
    image = warp(antialias(region, window, SIZE), window, SIZE)
    width, height = (round(side * finer) for side in SIZE)
    means = cv2.resize(region.pixels[:height, :width], SIZE, None, 0, 0, cv2.INTER_AREA)
    assert image.std() <= max(means.std(), 1.5)
    assert image.mean() == pytest.approx(127.5, abs=2)
    assert warp(region, window, SIZE).std() > 30  # what it would have been


def test_coarse_detail_stays_as_strong_as_by_means_over_areas():
    x = np.arange(720)
    for finer in (1.5, 2, 3, 4):
        # Waves of eight pixels of the grid.
        wave = 127.5 + 120 * np.sin(2 * np.pi * x / (8 * finer))
        pixels = np.tile(np.rint(wave).astype("uint8")[None, :, None], (400, 1, 3))
        window = Window.from_center(
            np.array([300.0, 200]), np.float64(120 * finer), SIZE
        )
        image = warp(
            antialias(decoding.whole_region(pixels), window, SIZE), window, SIZE
        )
        size = round(720 / finer), round(400 / finer)
        means = cv2.resize(pixels, size, None, 0, 0, cv2.INTER_AREA)
        assert image.std() == pytest.approx(means.std(), rel=0.06)


def test_pixels_that_are_hardly_finer_than_the_grid_are_left_alone():
    region = decoding.whole_region(fine("stripes"))
    window = Window.from_center(
        np.array([300.0, 300]), np.float64(120 * MAX_FINENESS - 0.1), SIZE
    )
    assert antialias(region, window, SIZE) is region


@pytest.mark.parametrize("angle, mirrored", [(0.0, False), (0.7, True), (-2.5, False)])
@pytest.mark.parametrize("finer", [1.5, 1.9, 2.5, 5])
def test_antialiasing_moves_no_dot(dotted, found, finer, angle, mirrored):
    place = np.array([403.4, 371.85])
    region = decoding.whole_region(dotted(place, (801, 703), 2.5 * finer))
    window = Window.from_center(
        place + (32, -27), np.float64(120 * finer), SIZE
    ).turned(angle)
    window = window.mirrored() if mirrored else window
    image = warp(antialias(region, window, SIZE), window, SIZE)
    expected = window.to_grid(place[None], SIZE)[0]
    np.testing.assert_allclose(found(image), expected, atol=0.05)


@pytest.mark.parametrize("side", [30, 100, 333, 700])
def test_the_pixels_under_a_window_are_all_that_it_takes(side):
    pixels = np.random.default_rng(3).integers(0, 255, (701, 903, 3), "uint8")
    region = decoding.whole_region(pixels)
    for center in [(450.3, 350.7), (20, 30), (890, 690)]:
        window = Window.from_center(np.array(center), np.float64(side), SIZE)
        part = crop_to_window(region, window, SIZE)
        expected = warp(shrink(region, window, SIZE), window, SIZE).astype(int)
        found = warp(shrink(part, window, SIZE), window, SIZE)
        np.testing.assert_allclose(found, expected, atol=2)
        if side == 30:
            assert max(part.size) < 40


def test_the_window_of_joints_is_the_longer_side_of_their_box_and_two_fifths():
    joints = np.array([[10.0, 40], [900, 900], [30, 140]])
    found = window_of_joints(joints, np.array([True, False, True]))
    assert found["center"].tolist() == [20, 90]
    assert found["side"] == pytest.approx(1.4 * 100)


def test_the_window_of_a_box_is_the_longer_side_and_a_quarter_around_its_middle_pixel():
    found = window_of_box([10, 20, 5, 100])
    assert found["center"].tolist() == [12, 69.5]
    assert found["side"] == pytest.approx(1.25 * 100)
    assert found["box_size"].tolist() == [5, 100]


@pytest.mark.parametrize(
    "box", [[1, 2, 0, 5], [1, 2, 5, -1], [1, 2, float("nan"), 5], [1, 2, 3], 7, [[1]]]
)
def test_a_box_without_a_size_is_refused(box):
    with pytest.raises(ValueError, match="`box` must be x, y, width and height"):
        window_of_box(box)
