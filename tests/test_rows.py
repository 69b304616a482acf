import numpy as np
import pytest

from keras_hourglass.data.readers.rows import (
    MAX_COORDINATE,
    PARSE_ERRORS,
    describe_parse_error,
    validate_row,
)
from keras_hourglass.geometry import Window

NAMES = ("nose", "neck")


def row(**fields):
    joints, weights = [[3, 4], [5, 6]], [1, 0.5]
    given = {"joints": joints, "weights": weights, "center": [1, 2], "side": 9}
    return {**given, **fields}


def test_a_person_within_the_bounds_stays_as_it_is():
    given = row(head_size=0, split="val", image="a", reader=print)
    kept = validate_row(given, NAMES)
    np.testing.assert_array_equal(kept.pop("joints"), given.pop("joints"))
    assert kept == given


def test_at_the_bounds_geometry_still_tells_quarters_of_a_pixel_apart():
    far = MAX_COORDINATE - np.array([[0, 0.25], [0.5, 0.75]])
    kept = validate_row(
        row(joints=far, center=[MAX_COORDINATE] * 2, side=MAX_COORDINATE), NAMES
    )
    stored = kept["joints"].astype("float32").astype(float)
    np.testing.assert_array_equal(stored, far)
    window = Window.from_center(np.array(kept["center"]), np.float64(kept["side"]))
    back = window.to_image(window.to_grid(stored, (64, 64)), (64, 64))
    np.testing.assert_allclose(back, far, rtol=0, atol=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e30, -1e30, 2.0**20 + 1])
def test_numbers_beyond_all_images_are_refused_and_named(wrong):
    with pytest.raises(ValueError, match=r"joint 'neck' .* 1,048,576 pixels, not \[5"):
        validate_row(row(joints=[[3, 4], [5, wrong]]), NAMES)
    with pytest.raises(ValueError, match="`center` must be"):
        validate_row(row(center=[wrong, 0]), NAMES)
    with pytest.raises(ValueError, match="`side` must be"):
        validate_row(row(side=wrong), NAMES)
    with pytest.raises(ValueError, match="`head_size` must be"):
        validate_row(row(head_size=wrong), NAMES)
    kept = validate_row(row(joints=[[3, 4], [5, wrong]], weights=[1, 0]), NAMES)
    assert kept["joints"].tolist() == [[3, 4], [0, 0]]


@pytest.mark.parametrize(
    "wrong, said",
    [
        *((dict(side=side), "`side` must be 1 to") for side in (0, -5, 0.99)),
        *((dict(weights=[1, w]), "0 to 1") for w in (-0.1, 1.1, np.nan)),
        *((dict(center=c), "`center` must be") for c in ([1], [1, 2, 3], 5)),
        *((dict(split=s), "`split` must be") for s in ("tests", None, 0)),
        (dict(head_size=-1), "`head_size` must be 0 to"),
    ],
)
def test_an_invalid_value_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        validate_row(row(**wrong), NAMES)


@pytest.mark.parametrize(
    "parse, value, expected",
    [
        (lambda x: x["people"], [1], "a list where an object is expected"),
        (lambda x: x["people"], "text", "a text where an object is expected"),
        (lambda x: x["people"], {}, "`people` is missing"),
        (lambda x: x["people"], None, "null where a list or an object is expected"),
        (lambda x: x.get("people"), 5, "a number where an object is expected"),
        (list, True, "true or false where a list or an object is expected"),
        (len, 5, "a number where a list is expected"),
        (float, "far", "'far' where a number is expected"),
        (float, [1], "a list where a number is expected"),
        (float, {}, "an object where a number is expected"),
        (
            lambda x: np.array(x, float),
            [[1, 2], [3]],
            "lists of unequal lengths where one shape is expected",
        ),
        (
            lambda x: np.array(x, float).reshape(16, 3),
            [1, 2],
            "2 numbers where a shape of 16,3 is expected",
        ),
    ],
)
def test_errors_of_python_become_words_about_the_file(parse, value, expected):
    with pytest.raises(PARSE_ERRORS) as raised:
        parse(value)
    assert describe_parse_error(raised.value) == expected
