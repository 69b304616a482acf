import numpy as np
import pytest

from keras_hourglass.data.people import from_rows
from keras_hourglass.data.prepare.cropping import (
    crop_entry,
    crop_person,
    relative_names,
)
from keras_hourglass.geometry import Window
from keras_hourglass.skeletons import Skeleton

IMAGE_SIZE = (700, 500)  # width and height


def window(x, y, side):
    return Window.from_center(np.array([x, y], float), np.float64(side))


@pytest.fixture
def image(dotted):
    return dotted((203.3, 150.8), IMAGE_SIZE, 9)


@pytest.mark.parametrize(
    "x, y, side, says",
    [
        (230, 170, 90, "small, in the middle"),
        (300, 250, 300, "large"),
        (210, 160, 333, "over the upper left corner"),
        (400, 300, 900, "larger than the image"),
        (640, 440, 1300, "over the lower right corner"),
    ],
)
def test_a_dot_lies_in_the_crop_where_the_place_says(image, found, x, y, side, says):
    crop = crop_person(image, window(x, y, side), 96)
    (expected,) = crop.place.to_grid(np.array([[203.3, 150.8]]), crop.size)
    np.testing.assert_allclose(found(crop.pixels), expected, atol=0.05)


@pytest.mark.parametrize("side", [20, 64, 65, 90, 127, 128, 130, 400, 1000])
def test_large_people_are_shrunk_to_about_the_size_and_small_ones_stay(image, side):
    crop = crop_person(image, window(300, 250, side), 64)
    factor = crop.place.scale(crop.size)
    down = crop.size[1] / crop.place.down[1]
    assert factor == down  # exactly: pixels are not stretched
    assert factor == 1 if side <= 64 else 64 <= side * factor <= 64 * 17 / 16
    assert crop.size[0] % 16 == crop.size[1] % 16 == 0


def test_half_of_a_window_is_kept_around_it_where_the_image_has_room(image):
    crop = crop_person(image, window(350, 250, 200), 96)
    (left, top), _, (right, bottom), _ = crop.place.corners()
    assert left <= 200 and top <= 100 and right >= 500 and bottom >= 400
    assert right - left <= 300 + 40 and bottom - top <= 300 + 40


def test_beyond_the_image_there_is_less_than_a_block_and_it_is_black():
    white = np.full((100, 130, 3), 255, "uint8")
    crop = crop_person(white, window(60, 50, 200), 400)
    assert crop.size == (144, 112)
    assert crop.pixels[:100, :130].min() == 255
    assert crop.pixels[100:].max() == 0 and crop.pixels[:, 130:].max() == 0


def test_fine_stripes_become_gray_and_no_coarse_ones():
    stripes = np.zeros((600, 600, 3), "uint8")
    stripes[:, ::2] = 255
    crop = crop_person(stripes, window(300, 300, 400), 60)
    inner = crop.pixels[8:-8, 8:-8].astype(int)
    assert np.abs(inner - 127).max() < 30


def test_an_entry_leads_back_to_the_original(image):
    skeleton = Skeleton(("neck", "left_hip", "right_hip"))
    row = {
        "image": "folder/photo.jpg",
        "joints": [(203.3, 150.8), (-1, -1), (180.25, 301.5)],
        "weights": [1, 0, 0.4],
        "center": (205.5, 220.25),
        "side": 333,
        "head_size": 31,
        "box_size": (180, 240),
        "split": "val",
        "visible": [1, np.nan, 0],
        "num_others": 3,
        "area": 5000,
    }
    people = from_rows(skeleton, [row])
    crop = crop_person(image, window(*row["center"], row["side"]), 96)
    kept = crop_entry(people, 0, crop, "000000.jpg", "photo.jpg")

    def back(points):
        offset, factor = np.array(kept["crop_offset"]), np.array(kept["crop_factor"])
        return (np.array(points) + 0.5) / factor - 0.5 + offset

    np.testing.assert_allclose(back(kept["joints"][0]), row["joints"][0], atol=1e-3)
    np.testing.assert_allclose(back(kept["joints"][2]), row["joints"][2], atol=1e-3)
    np.testing.assert_allclose(back(kept["center"]), row["center"], atol=1e-3)
    factor = kept["crop_factor"][0]
    np.testing.assert_allclose(kept["side"], 333 * factor, rtol=1e-6)
    np.testing.assert_allclose(kept["head_size"], 31 * factor, rtol=1e-6)
    np.testing.assert_allclose(kept["box_size"], np.array((180, 240)) * factor)
    assert kept["present"] == [1, 0, 1] and kept["joints"][1] == [0, 0]
    np.testing.assert_allclose(kept["scores"], [1, 0, 0.4], atol=1e-5)
    assert kept["visible"] == [1, None, 0] and kept["num_other_people"] == 3
    np.testing.assert_allclose(kept["area"], 5000 * factor**2, rtol=1e-6)
    assert kept["split"] == "val" and kept["original"] == "photo.jpg"


def test_a_crop_of_a_crop_knows_the_photograph_and_the_persons_size_in_it(image):
    row = {"image": "crops/7.jpg", "photograph": "photo.jpg", "source_size": 666}
    row |= {"joints": [(200, 200)], "weights": [1], "center": (205, 220), "side": 333}
    people = from_rows(Skeleton(("neck",)), [row])
    crop = crop_person(image, window(*row["center"], row["side"]), 96)
    kept = crop_entry(people, 0, crop, "000000.jpg", "photo.jpg")
    assert kept["original"] == "photo.jpg" and "crop_offset" not in kept
    assert kept["side"] / kept["crop_factor"][0] == pytest.approx(666, rel=1e-5)


def test_photographs_of_one_name_in_two_folders_keep_apart():
    assert relative_names(["/a/b/1.jpg", "/a/b/2.jpg"]) == ["1.jpg", "2.jpg"]
    assert relative_names(["/a/b/1.jpg", "/a/c/1.jpg"]) == ["b/1.jpg", "c/1.jpg"]
    assert relative_names(["/a/1.jpg", "/a/c/1.jpg"]) == ["1.jpg", "c/1.jpg"]
    assert relative_names(["b/1.jpg", "c/1.jpg", "1.jpg"]) == [
        *("b/1.jpg", "c/1.jpg", "1.jpg")
    ]
    assert relative_names(["1.jpg", "/a/1.jpg"]) == ["1.jpg", "/a/1.jpg"]
