import time

import numpy as np
import pytest

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.loader import Loader
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass_cli.benchmark.loader import (
    STAGES,
    Stopwatch,
    measure_reading,
    measure_stages,
)

BATCHES = [[(0, 0), (0, 1)], [(1, 2)]]


def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_of_a_stage_within_another_the_time_counts_once():
    watch = Stopwatch()
    inner = watch.timing("read", lambda: work(0.02))
    watch.timing("decode", lambda: (work(0.01), inner(), inner()))()
    assert watch.seconds["read"] == pytest.approx(0.04, abs=0.01)
    assert watch.seconds["decode"] == pytest.approx(0.01, abs=0.005)


def test_stages_add_up_to_the_time_of_a_person_and_leave_the_loader_alone(drawn):
    loader = Loader(Preprocessor(drawn, (32, 48), (8, 12), Augmentation()))
    expected = loader.load_batch(BATCHES[0])
    times = measure_stages(loader, BATCHES)
    assert tuple(times) == STAGES and all(times[name] >= 0 for name in STAGES)
    assert measure_reading(loader, BATCHES) > 0
    assert type(loader) is Loader and type(loader.preprocessor) is Preprocessor
    for one, other in zip(loader.load_batch(BATCHES[0]), expected):
        np.testing.assert_array_equal(one, other)
