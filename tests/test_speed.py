import keras
import pytest

from keras_hourglass.models.flops import count_macs
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass_cli.benchmark.network import BenchmarkSetting, network_command

TINY = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 16}


@pytest.fixture
def clock(monkeypatch):
    """Every step takes half a second, the first ten."""
    taken = iter([10.0] + [0.5] * 99)
    steps = []

    def timed(step):
        step()
        steps.append(step)
        return next(taken)

    monkeypatch.setattr(network_command, "_timed", timed)
    return steps


@pytest.mark.parametrize("training, cost", [(False, 1), (True, 3)])
def test_people_and_work_of_a_second_are_counted_after_the_first_two_steps(
    clock, eager, training, cost
):
    setting = BenchmarkSetting(training, batch_size=4, compiled=False)
    found = network_command.measure(TINY, setting, seconds=1.0)
    assert len(clock) == 4  # two to begin with, two of half a second
    assert found["first_seconds"] == 10
    assert found["people_per_second"] == pytest.approx(8)
    model = StackedHourglass(**TINY)
    work = count_macs(model) * 8 * cost
    assert found["multiply_adds_per_second"] == pytest.approx(work)


def test_precision_is_that_of_the_network_alone(clock, eager):
    seen = []
    build = StackedHourglass

    def spy(**network):
        seen.append(build(**network).get_layer("stem_convolution").compute_dtype)
        return build(**network)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_command, "StackedHourglass", spy)
        setting = BenchmarkSetting(False, "mixed_bfloat16", 2, compiled=False)
        network_command.measure(TINY, setting, seconds=0.5)
    assert seen == ["bfloat16"]
    assert keras.config.dtype_policy().name == "float32"


def test_the_matrix_rate_counts_all_products(monkeypatch):
    monkeypatch.setattr(network_command, "_timed", lambda product: (product(), 0.25)[1])
    assert network_command.matrix_rate(side=8, rounds=5) == 5 * 8**3 / 0.25
    assert (
        network_command.matrix_rate("mixed_bfloat16", side=8, rounds=5)
        == 5 * 8**3 / 0.25
    )
