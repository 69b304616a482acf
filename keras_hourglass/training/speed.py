"""How many people a second a network sees and learns, beside what the device can do."""

import time
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from keras_hourglass.joined import Joined
from keras_hourglass.layers.cost import multiply_adds
from keras_hourglass.losses import HeatmapLoss
from keras_hourglass.model import StackedHourglass
from keras_hourglass.training.beginning import computing_in

BACKWARD = 3  # times the multiply-adds of a forward pass are those of a training step


@dataclass(frozen=True)
class Setting:
    """One way to run a network.

    Attributes:
        training: Whether it learns, or only sees.
        precision: A Keras dtype policy: "float32", "mixed_bfloat16" ...
        batch_size: People of a step.
        compiled: Whether Keras compiles the step by `jit_compile` (XLA; on PyTorch,
            its own compiler). Never measured so by TensorFlow on a CPU, where XLA's
            depthwise convolutions are many times slower.
    """

    training: bool
    precision: str = "float32"
    batch_size: int = 32
    compiled: bool = True


def measure(network: dict, setting: Setting, seconds: float = 5.0) -> dict:
    """Runs steps on one batch that stays in memory.

    Args:
        network: Arguments of `StackedHourglass`.
        setting: How to run it.
        seconds: For how long at least, once the first two steps are over.

    Returns:
        "people_per_second"; "multiply_adds_per_second", of the convolutions, three
        times as many when training; "first_seconds" until the first step was done.
    """
    with computing_in(setting.precision):
        model = StackedHourglass(**network)
    optimizer = Joined(keras.optimizers.Adam(1e-4))  # as recipes have it
    model.compile(optimizer, HeatmapLoss(), jit_compile=setting.compiled)
    step = _step(model, setting)
    first = _timed(step)
    _timed(step)
    steps, taken = 0, 0.0
    while not steps or taken < seconds:
        taken += _timed(step)
        steps += 1
    people = steps * setting.batch_size / taken
    cost = multiply_adds(model) * (BACKWARD if setting.training else 1)
    return {
        "people_per_second": people,
        "multiply_adds_per_second": people * cost,
        "first_seconds": first,
    }


def _step(model, setting):
    """A function that runs one step, and comes back when it is done."""
    random = np.random.default_rng(0)
    size = (setting.batch_size, *model.image_size, 3)
    images = random.integers(0, 256, size, "uint8")
    if not setting.training:
        return lambda: model.predict_on_batch(images)
    labels = np.ones((setting.batch_size, len(model.skeleton.joints), 4), "float32")
    labels[..., :2] = random.uniform(0, min(model.heatmap_size), labels[..., :2].shape)
    return lambda: model.train_on_batch(images, labels)


def _timed(step) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def matrix_rate(precision: str = "float32", side: int = 2048, rounds: int = 10):
    """Multiply-adds per second of the device's product of two square matrices.

    Args:
        precision: A Keras dtype policy; its compute type is that of the matrices.
        side: Of the matrices.
        rounds: Products, one after another.
    """
    dtype = keras.dtype_policies.get(precision).compute_dtype
    matrix = ops.ones((side, side), dtype=dtype) / side

    def product():
        result = matrix
        for _ in range(rounds):
            result = ops.matmul(result, matrix)
        return float(ops.cast(result[0, 0], "float32"))  # waits for all of them

    _timed(product)
    return rounds * side**3 / _timed(product)
