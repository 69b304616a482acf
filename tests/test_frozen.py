"""Layers that training leaves as they are."""

import numpy as np
import pytest

from keras_hourglass import StackedHourglass
from keras_hourglass.training.fine_tuning import freeze_layers

NETWORK = {"stacks": 2, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}


@pytest.mark.parametrize("names", [["stem"], ["stack_1"], ["stem", "stack_1_block_1"]])
def test_frozen_layers_are_those_of_the_names(names):
    model = StackedHourglass(**NETWORK)
    every = sum(np.prod(w.shape) for w in model.trainable_weights)
    count = freeze_layers(model, names)
    frozen = [layer.name for layer in model.layers if not layer.trainable]
    assert frozen and all(any(n.startswith(x) for x in names) for n in frozen)
    assert not any(name.startswith("stack_2") for name in frozen)
    assert sum(np.prod(w.shape) for w in model.trainable_weights) == every - count


def test_a_name_of_no_layer_says_what_was_meant():
    with pytest.raises(ValueError, match="Did you mean 'stack_1'.*'stak_1'"):
        freeze_layers(StackedHourglass(**NETWORK), ["stak_1"])
    with pytest.raises(ValueError, match="stack_9"):
        freeze_layers(StackedHourglass(**NETWORK), ["stack_9"])
