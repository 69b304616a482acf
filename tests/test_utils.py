"""Small helpers that several subpackages share."""

import os
import threading
import time

import pytest

from keras_hourglass.utils import first_line, silence, suggest


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
    with pytest.raises(KeyboardInterrupt), silence(2, show_on_error=True):
        os.write(2, b"no cuda\n")
        raise KeyboardInterrupt
    assert not capfd.readouterr().err


def test_threads_that_silence_at_the_same_time_leave_the_output_as_it_was(capfd):
    entered, leave = threading.Event(), threading.Event()

    def first():
        with silence(2):
            entered.set()
            leave.wait(0.2)  # until the second thread is in, if it may

    def second():
        entered.wait()
        with silence(2):
            leave.set()
            time.sleep(0.1)  # the first is out before

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"shown\n")
    assert capfd.readouterr().err == "shown\n"


def test_a_misspelled_name_suggests_the_closest_or_lists_all():
    assert suggest("gost", ["ghost", "residual"]) == "Did you mean 'ghost'?"
    assert suggest(7, ["ghost", "residual"]) == "Choose from ['ghost', 'residual']."


def test_the_first_line_of_an_error_or_its_type():
    assert first_line(ValueError("\n  one's\ntwo")) == "one's"
    assert first_line(KeyError("joints"), quoted=True) == "joints"
    assert first_line(KeyError("joints")) == "'joints'"
    assert first_line(MemoryError()) == "MemoryError"
