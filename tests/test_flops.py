import keras
import numpy as np

from keras_hourglass import HeatmapLoss, StackedHourglass
from keras_hourglass.data.people.mixture import DatasetSpec
from keras_hourglass.export.metadata import describe_model
from keras_hourglass.models.config import COUNTS
from keras_hourglass.models.flops import count_frozen, count_macs, count_parameters
from keras_hourglass.models.presets import PRESETS
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.distillation import add_distillation_loss
from keras_hourglass.training.fine_tuning import freeze_layers
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.trainer import Trainer


def test_multiply_adds_of_two_convolutions_equal_those_by_hand():
    model = keras.Sequential(
        [
            keras.Input((6, 10, 3)),
            keras.layers.Conv2D(4, 3, strides=2, padding="same"),  # 3 x 5 pixels out
            keras.layers.DepthwiseConv2D(3, padding="same"),
        ]
    )
    assert count_macs(model) == 15 * 27 * 4 + 15 * 9 * 4
    assert count_parameters(model) == 27 * 4 + 4 + 9 * 4 + 4


def test_parameters_leave_out_moving_statistics():
    model = StackedHourglass(stacks=1, filters=4, image_size=64)
    statistics = sum(
        np.prod(weight.shape)
        for weight in model.non_trainable_weights
        if weight.name.startswith("moving")
    )
    assert count_parameters(model) == model.count_params() - statistics


def test_frozen_layers_and_a_teacher_leave_the_number_of_parameters():
    model = StackedHourglass(stacks=1, filters=4, depth=1, image_size=32)
    count = count_parameters(model)
    assert count_frozen(model) == 0
    frozen = freeze_layers(model, ["stem"])
    assert count_parameters(model) == count
    assert 0 < frozen == count_frozen(model) < count
    trained = sum(np.prod(weight.shape) for weight in model.trainable_weights)
    assert trained == count - frozen
    teacher = StackedHourglass(stacks=2, filters=4, depth=1, image_size=32)
    add_distillation_loss(model, teacher, 0.5, HeatmapLoss())
    assert count_parameters(model) == count
    assert count_parameters(teacher) == count_frozen(teacher) > count


def test_every_number_of_parameters_is_that_of_the_preset(tmp_path, caplog):
    caplog.set_level("INFO", logger="keras_hourglass")
    count = COUNTS["photo_small"].parameters
    model = StackedHourglass.from_preset("photo_small")
    assert count_parameters(model) == count
    assert describe_model(model, "dark")["parameters"] == count
    network = PRESETS["photo_small"].network
    config = TrainConfig(
        Recipe(1, 2, 0.01, network=network),
        (DatasetSpec("synthetic", "2"),),
        freeze=("stem",),
    )
    Trainer(config, tmp_path / "run").prepare()
    (text,) = [line for line in caplog.messages if "parameters" in line]
    frozen = freeze_layers(model, ["stem"])
    assert text.startswith(f"{count:,} parameters, {frozen:,} of them frozen; the run")
