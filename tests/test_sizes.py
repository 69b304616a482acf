"""Listed sizes of images, compared with the files."""

import cv2
import numpy as np
import pytest

from keras_hourglass.data.images.decoding import read_image
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.readers import sizes
from keras_hourglass.data.readers.sizes import OTHER, SCALED, SWAPPED, match_sizes
from keras_hourglass.skeletons import Skeleton

DOT = Skeleton(("dot", "none"))
WIDTH, HEIGHT = 64, 48
PLACE = (11, 29)


def label(path, listed=(np.nan, np.nan), at=PLACE):
    """A person with one labeled joint, whose window is 20 pixels around it."""
    row = {"image": str(path), "joints": [at, (0, 0)], "weights": [1, 0]}
    row |= {"center": at, "side": 20, "area": 100, "box_size": (3, 5)}
    return {**row, "listed_size": listed}


@pytest.fixture
def write(tmp_path, dotted, as_stored, exif, with_exif):
    """Writes an image with a dot at PLACE of the upright image -> its path."""

    def write(name="a.jpg", orientation=1, size=(WIDTH, HEIGHT)):
        shown = as_stored(dotted(PLACE, size, 2), orientation)
        data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
        path = tmp_path / name
        path.write_bytes(with_exif(data, exif(orientation)))
        return path

    return write


def differences(people):
    headers = sizes.read_headers(sizes.listed_sizes(people))
    found = sizes.find_differences(people, headers)
    return [(each.kind, each.turned) for each in found.values()]


@pytest.mark.parametrize(
    "listed", [(WIDTH, HEIGHT), (np.nan, np.nan), (0, 0), (WIDTH, np.nan)]
)
def test_sizes_that_agree_or_are_not_listed_change_nothing(write, listed, caplog):
    people = from_rows(DOT, [label(write(), listed)])
    assert match_sizes(people, rescale=True) is people
    assert not caplog.messages and not differences(people)


def test_labels_of_another_scale_are_scaled_on_request_alone(write, caplog):
    people = from_rows(DOT, [label(write(), (WIDTH // 2, HEIGHT // 2), at=(5, 14))])
    assert differences(people) == [(SCALED, False)]
    same = match_sizes(people)
    np.testing.assert_array_equal(same.joints, people.joints)
    (message,) = caplog.messages
    assert "1 scaled: `rescale=True` scales their labels" in message
    assert message.startswith("1 of 1 images do not have the size")
    assert message.endswith("a.jpg: 32 x 24 listed, 64 x 48 in the file")
    scaled = match_sizes(people, rescale=True)
    # The first two pixels become four: a center at 5 comes to lie between 10 and 11.
    np.testing.assert_allclose(scaled.joints, [[[10.5, 28.5], [0, 0]]])
    np.testing.assert_allclose(scaled.centers, [[10.5, 28.5]])
    assert scaled.sides.tolist() == [40] and scaled.areas.tolist() == [400]
    assert scaled.box_sizes.tolist() == [[6, 10]]
    assert scaled.head_sizes.tolist() == [4] and scaled.source_sizes.tolist() == [40]
    assert len(caplog.messages) == 1 and "labels are scaled" in scaled.notes[0]


@pytest.mark.parametrize("size", [(640, 427), (500, 333), (213, 142), (1333, 889)])
def test_rounded_sides_are_of_one_factor(size):
    header = sizes.Header(*size)
    assert sizes._compare((320, 213), header).kind == SCALED
    assert sizes._compare((320, 240), header).kind == OTHER


def test_two_pixels_of_one_side_alone_are_another_shape():
    assert sizes._compare((640, 427), sizes.Header(640, 425)).kind == OTHER


@pytest.mark.parametrize("orientation", range(5, 9))
def test_labels_of_stored_pixels_are_turned_as_the_file_is(
    write, found, orientation, caplog
):
    path = write(orientation=orientation)  # stored HEIGHT x WIDTH, shown WIDTH x HEIGHT
    stored = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    at = found(stored)
    assert stored.shape[:2] == (WIDTH, HEIGHT)
    people = from_rows(DOT, [label(path, (HEIGHT, WIDTH), at)])
    assert differences(people) == [(SWAPPED, True)]
    turned = match_sizes(people)
    np.testing.assert_allclose(turned.joints[0, 0], found(read_image(path)), atol=0.05)
    np.testing.assert_allclose(turned.joints[0, 0], PLACE, atol=0.2)
    np.testing.assert_allclose(turned.centers, turned.joints[:, 0])
    assert turned.joints[0, 1].tolist() == [0, 0] and turned.sides.tolist() == [20]
    assert "turned as the EXIF orientation says" in caplog.text


@pytest.mark.parametrize("orientation", range(5, 9))
def test_labels_of_upright_pixels_stay(write, orientation):
    people = from_rows(DOT, [label(write(orientation=orientation), (WIDTH, HEIGHT))])
    assert match_sizes(people) is people


def test_labels_out_of_the_listed_sizes_are_upright(write, caplog):
    rows = [
        label(write("a.jpg", 6), (HEIGHT, WIDTH), (60, 40)),  # of 48 x 64 or 64 x 48
        label(write("b.jpg", 8), (HEIGHT, WIDTH), (20, 20)),  # which do not tell
    ]
    people = from_rows(DOT, rows)
    assert differences(people) == [(SWAPPED, False)] * 2
    np.testing.assert_array_equal(match_sizes(people).joints, people.joints)
    assert "2 with width and height swapped" in caplog.text
    rows += [label(write(f"{n}.jpg", 6), (HEIGHT, WIDTH), (40, 60)) for n in range(2)]
    assert differences(from_rows(DOT, rows)) == [(SWAPPED, True)] * 4


def test_labels_of_small_stored_pixels_are_turned_and_scaled(write):
    at = (2 * np.array(PLACE[::-1]) + 0.5).tolist()  # transposed, and twice as large
    rows = [label(write(orientation=5), (2 * HEIGHT, 2 * WIDTH), at)]
    people = from_rows(DOT, rows)
    assert differences(people) == [(SCALED, True)]
    np.testing.assert_array_equal(match_sizes(people).joints, people.joints)
    fitted = match_sizes(people, rescale=True)
    np.testing.assert_allclose(fitted.joints[0, 0], PLACE)
    assert fitted.sides.tolist() == [10] and fitted.box_sizes.tolist() == [[2.5, 1.5]]


@pytest.mark.parametrize("orientation", range(2, 5))
def test_images_of_another_turn_follow_those_whose_sides_tell(write, orientation):
    on_side = label(write("side.jpg", 6), (HEIGHT, WIDTH))
    upright = label(write("upright.jpg"), (WIDTH, HEIGHT))
    path = write("other.jpg", orientation)
    x, y = PLACE
    at = {
        2: (WIDTH - 1 - x, y),
        3: (WIDTH - 1 - x, HEIGHT - 1 - y),
        4: (x, HEIGHT - 1 - y),
    }[orientation]
    other = label(path, (WIDTH, HEIGHT), at)
    fitted = match_sizes(from_rows(DOT, [upright, other, on_side]))
    np.testing.assert_allclose(fitted.joints[:2, 0], [PLACE, PLACE])
    on_side["listed_size"] = WIDTH, HEIGHT  # labeled upright: so is the other
    fitted = match_sizes(from_rows(DOT, [upright, other, on_side]))
    np.testing.assert_allclose(fitted.joints[1, 0], at)


def test_other_differences_are_warned_of_and_change_nothing(write, caplog):
    rows = [
        label(write("swapped.jpg"), (HEIGHT, WIDTH)),
        label(write("other.jpg"), (WIDTH, 3 * HEIGHT)),
        label(write("right.jpg"), (WIDTH, HEIGHT)),
        label("missing.jpg", (7, 7)),
    ]
    people = from_rows(DOT, rows)
    assert differences(people) == [(SWAPPED, False), (OTHER, False)]
    fitted = match_sizes(people, rescale=True)
    np.testing.assert_array_equal(fitted.joints, people.joints)
    (message,) = caplog.messages
    assert message.startswith("2 of 4 images") and "1 of another shape" in message


def test_of_many_images_a_sample_is_compared_and_all_if_it_differs(
    write, monkeypatch, caplog
):
    monkeypatch.setattr(sizes, "MAX_IMAGES", 5)
    monkeypatch.setattr(sizes, "SAMPLE", 3)
    read = []

    def read_headers(paths):
        read.append(len(paths))
        return original(paths)

    original = sizes.read_headers
    monkeypatch.setattr(sizes, "read_headers", read_headers)
    files = [write(f"{number}.jpg") for number in range(10)]
    right = [label(path, (WIDTH, HEIGHT)) for path in files]
    match_sizes(from_rows(DOT, right))
    assert read == [3] and not caplog.messages
    match_sizes(from_rows(DOT, [label(path, (32, 24)) for path in files]))
    assert read == [3, 3, 10] and "10 of 10 images" in caplog.text


def test_a_drawn_person_has_no_listed_size(drawn):
    assert match_sizes(drawn) is drawn
