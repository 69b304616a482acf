import numpy as np
import pytest

from keras_hourglass.visualization import captions
from keras_hourglass.visualization.captions import add_caption, shorten, text_width


def test_a_caption_is_a_strip_above_the_unchanged_image():
    image = np.random.default_rng(0).integers(0, 256, (40, 256, 3), dtype="uint8")
    shown = add_caption(image, "7.jpg", "truth")
    assert shown.shape == (40 + captions.HEIGHT, 256, 3)
    assert (shown[captions.HEIGHT :] == image).all()
    columns = np.flatnonzero((shown[: captions.HEIGHT] > 128).any((0, 2)))
    assert columns.min() < 10 and columns.max() > 240
    assert not (shown[: captions.HEIGHT, 100:200] > 128).any()


@pytest.mark.parametrize("width", [60, 100, 200])
def test_a_long_text_keeps_its_ends_within_the_width(width):
    text = "images/of/a/long/folder/000123.jpg person 2"
    short = shorten(text, width)
    first, last = short.split(captions.ELLIPSIS)
    assert text.startswith(first) and text.endswith(last) and text_width(short) <= width
    assert text_width(short) > width - 25
    assert shorten("7.jpg", width) == "7.jpg"


def test_what_the_font_lacks_is_a_question_mark_and_no_width_fails():
    assert captions.to_ascii("jäger 7\n") == "j?ger 7?"
    assert shorten("7.jpg", 0) == "" == shorten("", 0)
    assert add_caption(np.zeros((4, 8), "uint8"), "name", "prediction").shape[1] == 8
