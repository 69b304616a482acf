from math import pi

import numpy as np
import pytest

from keras_hourglass.geometry import (
    Window,
    align_to_blocks,
    enclosing_box,
    pad_to_multiple,
)

SIZE = (64, 96)


def tensorflow_array(values):
    return pytest.importorskip("tensorflow").constant(values)


@pytest.fixture(params=[np.asarray, tensorflow_array], ids=["numpy", "tensorflow"])
def array(request):
    return request.param


def windows(random, array=np.asarray):
    """Three windows, turned, none of them square."""
    right = random.uniform(-200, 200, (3, 2))
    down = 1.5 * right[:, ::-1] * (-1, 1)
    return Window(array(random.uniform(100, 500, (3, 2))), array(right), array(down))


def test_to_grid_undoes_to_image(array):
    random = np.random.default_rng(0)
    window = windows(random, array)
    points = random.uniform(0, 64, (3, 16, 2))
    back = window.to_grid(window.to_image(array(points), SIZE), SIZE)
    np.testing.assert_allclose(back, points, atol=1e-9)


def test_to_grid_undoes_to_image_inside_a_tf_data_pipeline():
    tf = pytest.importorskip("tensorflow")
    random = np.random.default_rng(1)
    points = random.uniform(0, 64, (3, 16, 2))

    def there_and_back(center, right, down, points):
        window = Window(center, right, down)
        return window.to_grid(window.to_image(points, SIZE), SIZE)

    rows = tf.data.Dataset.from_tensor_slices((*windows(random), points))
    back = [*rows.map(there_and_back).as_numpy_iterator()]
    np.testing.assert_allclose(back, points, atol=1e-9)


def test_corners_of_the_grid_are_corners_of_the_window():
    window = Window(
        np.array([100.0, 80.0]), np.array([40.0, 0.0]), np.array([0.0, 60.0])
    )
    corners = np.array([[-0.5, -0.5], [63.5, 95.5]])
    np.testing.assert_allclose(window.to_image(corners, SIZE), [[80, 50], [120, 110]])
    mirrored = window.mirrored().to_image(corners, SIZE)
    np.testing.assert_allclose(mirrored, [[120, 50], [80, 110]])


def test_corners_go_round_clockwise():
    window = Window(
        np.array([100.0, 80.0]), np.array([40.0, 0.0]), np.array([0.0, 60.0])
    )
    expected = [[80, 50], [120, 50], [120, 110], [80, 110]]
    np.testing.assert_allclose(window.corners(), expected)


def test_a_heatmap_pixel_k_lies_over_image_pixel_4k_and_a_half_more_than_1():
    window = windows(np.random.default_rng(2))
    heatmap = np.array([[0.0, 0.0], [7.0, 20.0], [15.0, 23.0]])
    over = window.to_grid(window.to_image(heatmap, (16, 24)), SIZE)
    np.testing.assert_allclose(over, np.broadcast_to(4 * heatmap + 1.5, over.shape))


def test_an_upright_window_has_the_grids_aspect_and_its_longer_edge_is_the_side(array):
    window = Window.from_center(array([[50.0, 70.0]]), array([30.0]), (64, 96))
    np.testing.assert_allclose(window.center, [[50, 70]])
    np.testing.assert_allclose(window.right, [[20, 0]])
    np.testing.assert_allclose(window.down, [[0, 30]])


def test_the_box_of_a_whole_image_is_the_whole_image(array):
    window = Window.from_rectangle(array([0.0, 0.0, 5.0, 3.0]))
    points = np.array([[0.0, 0.0], [4.0, 2.0]])
    np.testing.assert_allclose(window.center, [2, 1])
    np.testing.assert_allclose(window.to_image(points, (5, 3)), points)


def test_the_window_around_a_box_is_a_multiple_of_its_longer_edge(array):
    window = Window.from_box(
        array([[10.0, 20.0, 41.0, 81.0], [0, 0, 8, 4]]), 1.25, (1, 2)
    )
    np.testing.assert_allclose(window.center, [[30, 60], [3.5, 1.5]])
    np.testing.assert_allclose(window.down, [[0, 101.25], [0, 10]])
    np.testing.assert_allclose(window.right, [[50.625, 0], [5, 0]])


def test_a_quarter_turn_is_clockwise_on_the_image():
    window = Window(np.array([10.0, 20.0]), np.array([4.0, 0.0]), np.array([0.0, 6.0]))
    turned = window.turned(pi / 2)
    np.testing.assert_allclose(turned.right, [0, 4], atol=1e-12)
    np.testing.assert_allclose(turned.down, [-6, 0], atol=1e-12)
    np.testing.assert_allclose(turned.center, window.center)


def test_turning_back_and_mirroring_twice_change_nothing():
    window = windows(np.random.default_rng(3))
    back = window.turned(0.7).mirrored().mirrored().turned(-0.7)
    np.testing.assert_allclose(back, window)


def test_each_of_many_windows_may_be_changed_in_its_own_way():
    many = windows(np.random.default_rng(5))
    angle, factor = np.array([[0.0], [0.7], [-2.0]]), np.array([[1], [2], [3]])
    where = np.array([[True], [False], [True]])
    changed = many.turned(angle).scaled(factor).moved(factor, 0).mirrored(where)
    for row in range(3):
        one = Window(*(edge[row] for edge in many)).turned(angle[row, 0])
        one = one.scaled(factor[row, 0]).moved(factor[row, 0], 0)
        one = one.mirrored() if where[row] else one
        np.testing.assert_array_equal([edge[row] for edge in changed], one)


def test_a_window_is_moved_along_its_own_edges():
    window = Window(np.array([10.0, 20.0]), np.array([0.0, 4.0]), np.array([-6.0, 0.0]))
    np.testing.assert_allclose(window.moved(0.5, -1).center, [16, 22])


def test_scaling_keeps_the_center():
    window = Window(np.array([10.0, 20.0]), np.array([0.0, 4.0]), np.array([-6.0, 0.0]))
    center, right, down = window.scaled(1.5)
    np.testing.assert_allclose([center, right, down], [[10, 20], [0, 6], [-9, 0]])


def test_a_part_of_a_window_lies_where_its_pixels_lie():
    window = windows(np.random.default_rng(4))
    inner = window.part(np.array([8.0, 20.0, 32.0, 40.0]), SIZE)
    points = np.array([[0.0, 0.0], [31.0, 39.0], [3.0, 30.0]])
    np.testing.assert_allclose(
        inner.to_image(points, (32, 40)), window.to_image(points + (8, 20), SIZE)
    )


def test_a_pixel_of_the_image_is_as_long_on_the_grid_as_its_distances():
    window = Window.from_center(np.zeros((1, 2)), np.array([48.0]), SIZE).turned(0.3)
    pair = window.to_grid(np.array([[[0.0, 0.0], [3.0, 4.0]]]), SIZE)[0]
    length = np.linalg.norm(pair[0] - pair[1])
    np.testing.assert_allclose(window.scale(SIZE), [2])
    assert length == pytest.approx(5 * 2)


def test_an_enclosing_box_holds_all_points_with_a_pixel_to_spare():
    points = np.array([[10.2, 20.9], [30.0, 25.1]])
    x, y, width, height = enclosing_box(points, 100, 80)
    assert (x, y) == (9, 19)
    assert 31 <= x + width - 1 <= 32 and 26 <= y + height - 1 <= 27


@pytest.mark.parametrize("places", [(-30, 200), (-50, -40), (150, 160)])
def test_an_enclosing_box_is_never_empty_or_outside(places):
    x, y, width, height = enclosing_box(np.array([places, places[::-1]]) * 1.0, 100, 80)
    assert 0 <= x < x + width <= 100 and 0 <= y < y + height <= 80


def test_the_first_pixel_of_a_box_is_where_the_box_begins():
    box = np.array([[7, 9, 30, 21], [0, 0, 4, 5]])
    np.testing.assert_array_equal(Window.from_rectangle(box).first_pixel(), box[:, :2])


@pytest.mark.parametrize(
    "box, expected",
    [
        ((10, 20, 32, 16), (10, 20, 32, 16)),
        ((10, 20, 33, 15), (10, 20, 48, 16)),
        ((80, 40, 20, 10), (68, 34, 32, 16)),  # moved to the left and up: there is room
        ((3, 0, 97, 50), (0, 0, 112, 64)),  # the image is too small
    ],
)
def test_a_box_is_padded_within_the_image_if_there_is_room(box, expected):
    assert pad_to_multiple(box, 16, width=100, height=50) == expected


def test_a_box_comes_back_from_its_window():
    boxes = np.array([[3.0, 4.0, 50.0, 20.0], [-7.5, 0.0, 1.0, 9.0]])
    np.testing.assert_allclose(Window.from_rectangle(boxes).box(), boxes)


@pytest.mark.parametrize(
    "box, expected",
    [
        ((16, 32, 32, 16), (16, 32, 32, 16)),
        ((17, 31, 32, 2), (16, 16, 48, 32)),
        ((93, 49, 5, 1), (80, 48, 20, 2)),  # the last blocks end with the image
    ],
)
def test_a_box_is_aligned_to_the_blocks_of_an_image(box, expected):
    assert align_to_blocks(box, 16, width=100, height=50) == expected
