"""Threads of OpenCV: as many as the user has chosen, but for our own loading."""

import os

import cv2
import pytest

from keras_hourglass.data.pipeline import preprocessing
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.opencv_threads import (
    ONE_OPENCV_THREAD,
    OneOpenCVThread,
)
from keras_hourglass.data.pipeline.preprocessing import Preprocessor


@pytest.fixture(autouse=True)
def three_threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield
    cv2.setNumThreads(before)


def test_overlapping_blocks_restore_the_number_once_the_last_has_ended():
    one_thread = OneOpenCVThread()
    with one_thread:
        one_thread.__enter__()
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == 1
    one_thread.__exit__(None, None, None)
    assert cv2.getNumThreads() == 3


def test_an_error_in_a_block_restores_the_number():
    with pytest.raises(KeyError), OneOpenCVThread():
        raise KeyError
    assert cv2.getNumThreads() == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_leaves_the_blocks_of_other_threads_behind():
    with ONE_OPENCV_THREAD:
        child = os.fork()
        if not child:
            os._exit(ONE_OPENCV_THREAD._blocks)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_samples_are_made_with_one_thread_each(drawn, monkeypatch):
    threads, warp = [], preprocessing.warp

    def noted(*args):
        threads.append(cv2.getNumThreads())
        return warp(*args)

    monkeypatch.setattr(preprocessing, "warp", noted)
    Loader(Preprocessor(drawn, (32, 32), (8, 8))).load_batch([(0, 0), (0, 1)])
    assert threads == [1, 1] and cv2.getNumThreads() == 3
