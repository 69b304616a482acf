"""Batches across groups of images, and prefetching."""

import threading

import numpy as np
import pytest

from keras_hourglass.inference.batching import prefetch, run_batched


def doubled(groups, sizes):
    """Predicts twice the image; records the sizes of batches."""

    def predict(images, min_batch):
        sizes.append((len(images), min_batch))
        return 2 * images

    return run_batched(groups, predict, batch_size=3)


def test_each_group_gets_the_results_of_its_own_images_in_order():
    counts, sizes = [0, 2, 0, 5, 1, 0], []
    images = np.split(np.arange(8.0), np.cumsum(counts)[:-1])
    groups = [(name, [*group]) for name, group in zip("abcdef", images)]
    found = [*doubled(groups, sizes)]
    assert [name for name, _ in found] == [*"abcdef"]
    for (_, results), group in zip(found, images):
        np.testing.assert_array_equal(results, 2 * group)
    # Full batches reach across groups; the last is to be padded to a full one.
    assert sizes == [(3, 3), (3, 3), (2, 3)]


def test_without_a_full_batch_none_is_padded():
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


def test_a_group_does_not_wait_for_a_full_batch_where_others_have_no_images():
    taken, sizes = [], []

    def groups():
        for number in range(100):
            taken.append(number)
            yield number, [1.0] if number in (0, 50) else []

    found = doubled(groups(), sizes)
    assert next(found) == (0, [2]) and len(taken) == 7
    assert [number for number, _ in found] == [*range(1, 100)]
    assert sizes == [(1, 1), (1, 1)]


def test_results_are_prefetched_in_threads_and_in_order():
    taken, threads = [], set()

    def items():
        for number in range(20):
            taken.append(number)
            yield number

    def negate(number):
        threads.add(threading.get_ident())
        return -number

    results = prefetch(negate, items(), threads=3)
    assert next(results) == 0 and len(taken) == 4
    assert [*results] == [-number for number in range(1, 20)]
    assert threading.get_ident() not in threads


def test_an_exception_in_a_thread_is_raised_at_its_turn():
    results = prefetch(lambda number: 1 // number, [1, 0, 1], threads=2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
