from collections import Counter

import pytest

from keras_hourglass.data.pipeline.sampler import EpochSampler


def epochs(stream, count, first=0):
    """Whose turn it is, epoch by epoch, and that each place says its epoch."""
    length = stream.steps * stream.batch_size
    drawn = []
    for number in range(first, first + count):
        places = [stream.at(number * length + place) for place in range(length)]
        assert {turn // stream.turns for turn, _ in places} == {number}
        drawn.append([index for _, index in places])
    return drawn


def test_an_epoch_has_all_people_once_in_an_order_of_its_own():
    first, second, third = epochs(EpochSampler([12], 4), 3)
    assert sorted(first) == sorted(second) == sorted(third) == [*range(12)]
    assert len({tuple(order) for order in (first, second, third)}) == 3


def test_an_epoch_has_only_whole_batches_and_no_person_twice():
    stream = EpochSampler([14], 4)
    assert stream.steps == 3
    (order,) = epochs(stream, 1)
    assert len(order) == len({*order}) == 12


def test_a_share_of_a_dataset_takes_part_drawn_anew():
    stream = EpochSampler([40, 6], 23, [0.5, 0.5])
    assert stream.steps == 1
    orders = epochs(stream, 4)
    for order in orders:
        assert len({*order}) == 23
        assert sum(index < 40 for index in order) == 20
    assert len({tuple(sorted(order)) for order in orders}) == 4


def test_a_share_above_1_repeats_people_so_often():
    (order,) = epochs(EpochSampler([4, 3], 13, [2.5, 1]), 1)
    turns = Counter(order)
    assert all(turns[index] in (2, 3) for index in range(4))
    assert sum(turns[index] for index in range(4)) == 10
    assert all(turns[index] == 1 for index in range(4, 7))


def test_no_turn_of_a_person_is_like_another():
    """Samples are augmented by turn and index."""
    stream = EpochSampler([4, 3], 13, [2.5, 1])
    places = [stream.at(position) for position in range(5 * 13)]
    assert len({*places}) == len(places)
    assert {turn for turn, index in places[:13] if index >= 4} == {0}
    assert {turn for turn, index in places[13:26] if index >= 4} == {3}


def test_a_tiny_share_still_takes_one_person():
    (order,) = epochs(EpochSampler([10, 5], 11, [1, 0.001]), 1)
    assert sum(index >= 10 for index in order) == 1


def test_datasets_are_shuffled_among_each_other():
    (order,) = epochs(EpochSampler([50, 50], 100), 1)
    assert 15 < sum(index < 50 for index in order[:50]) < 35


def test_the_order_is_a_pure_function_of_the_seed():
    forward = EpochSampler([9, 5], 4, [1, 0.4], seed=3)
    backward = EpochSampler([9, 5], 4, [1, 0.4], seed=3)
    places = range(100)
    expected = [forward.at(place) for place in places]
    assert [backward.at(place) for place in reversed(places)] == expected[::-1]
    assert [EpochSampler([9, 5], 4, [1, 0.4], seed=4).at(p) for p in places] != expected


def test_a_resumed_run_gets_what_an_uninterrupted_one_would_have_got():
    unbroken = epochs(EpochSampler([10], 5, seed=1), 6)
    assert epochs(EpochSampler([10], 5, seed=1), 3, first=3) == unbroken[3:]


@pytest.mark.parametrize("batch_size", [0, -1, 8])
def test_a_batch_that_no_epoch_can_fill_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"1 to 7.*batch_size={batch_size}"):
        EpochSampler([4, 6], batch_size, [1, 0.5])
