import threading

import numpy as np
import pytest

from keras_hourglass.inference.batching import prefetch, run_batched


def doubled(asked, sizes):
    """Answers with twice the image; notes the sizes of batches."""

    def ask(images, least):
        sizes.append((len(images), least))
        return 2 * images

    return run_batched(asked, ask, batch_size=3)


def test_each_group_gets_the_answers_to_its_own_images_in_order():
    counts, sizes = [0, 2, 0, 5, 1, 0], []
    images = np.split(np.arange(8.0), np.cumsum(counts)[:-1])
    groups = [(name, [*group]) for name, group in zip("abcdef", images)]
    found = [*doubled(groups, sizes)]
    assert [name for name, _ in found] == [*"abcdef"]
    for (_, answers), group in zip(found, images):
        np.testing.assert_array_equal(answers, 2 * group)
    # Full batches go across groups; the last is to be filled up to a full one.
    assert sizes == [(3, 3), (3, 3), (2, 3)]


def test_where_no_batch_was_full_none_need_be_filled():
    sizes = []
    assert [*doubled([("a", [1.0]), ("b", [2.0])], sizes)] == [("a", [2]), ("b", [4])]
    assert sizes == [(2, 1)]


def test_a_group_comes_as_soon_as_its_batch_was_full():
    taken = []

    def groups():
        for number in range(9):
            taken.append(number)
            yield number, [float(number)]

    found = doubled(groups(), [])
    assert next(found) == (0, [0]) and len(taken) == 3


def test_some_are_made_ahead_in_threads_and_all_in_order():
    taken, homes = [], set()

    def items():
        for number in range(20):
            taken.append(number)
            yield number

    def make(number):
        homes.add(threading.get_ident())
        return -number

    made = prefetch(make, items(), threads=3)
    assert next(made) == 0 and len(taken) == 4
    assert [*made] == [-number for number in range(1, 20)]
    assert threading.get_ident() not in homes


def test_what_a_thread_raises_is_raised_in_its_turn():
    made = prefetch(lambda number: 1 // number, [1, 0, 1], threads=2)
    assert next(made) == 1
    with pytest.raises(ZeroDivisionError):
        next(made)
