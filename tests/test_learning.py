"""Each block learns real people by heart. Slow: compiles a network for each."""

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, PCKh, StackedHourglass
from keras_hourglass.data import datasets
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.models.blocks import BLOCKS


@pytest.fixture(scope="module")
def eight(shared):
    people = datasets.load_dataset("crops", shared / "mpii_crops384").split("train")
    sampler = Preprocessor(people[:8], (64, 64), (16, 16))
    return Loader(sampler).load_batch((0, index) for index in range(8))


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS)
def test_eight_real_people_are_learnt_by_heart(block, eight):
    keras.utils.set_random_seed(0)
    network = {"stacks": 1, "filters": 64, "stem_filters": 32, "depth": 2}
    model = StackedHourglass(block=block, image_size=64, **network)
    optimizer = keras.optimizers.Adam(3e-3)
    model.compile(optimizer, HeatmapLoss(foreground=9), metrics=[PCKh()])
    optimizer.build(model.trainable_variables)
    images, labels = (np.concatenate([part] * 50) for part in eight)
    for _ in range(8):
        model.fit(images, labels, batch_size=8, verbose=0)
        scores = model.evaluate(*eight, verbose=0, return_dict=True)
        if scores["pckh"] == 100:
            return
    assert scores["pckh"] == 100
