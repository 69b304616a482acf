"""Small helpers that several rooms share."""

import os

import pytest

from keras_hourglass.utils import silence, suggest


def test_silence_discards_what_is_written_past_python(capfd):
    with silence(2, show_on_error=True):
        os.write(2, b"no cuda\n")
    os.write(2, b"shown\n")
    assert capfd.readouterr().err == "shown\n"


def test_silence_shows_all_of_it_where_the_block_raises(capfd):
    with pytest.raises(ImportError), silence(2, show_on_error=True):
        os.write(2, b"a library is missing\n")
        raise ImportError
    assert capfd.readouterr().err == "a library is missing\n"


def test_a_misspelled_name_suggests_the_closest_or_lists_all():
    assert suggest("gost", ["ghost", "residual"]) == "Did you mean 'ghost'?"
    assert suggest(7, ["ghost", "residual"]) == "Choose from ['ghost', 'residual']."
