"""Train with a bottleneck block of your own.

python examples/custom_block.py
"""

import keras
import numpy as np

from keras_hourglass import HeatmapLoss, PCKh, StackedHourglass
from keras_hourglass.models.blocks.bottleneck import Bottleneck, preactivated


@keras.saving.register_keras_serializable("examples")
class LargeKernelBlock(Bottleneck):
    """One depthwise 7 x 7 convolution between two pointwise ones."""

    def branch_layers(self):
        return [
            *preactivated(keras.layers.Conv2D(self.filters // 2, 1)),
            *preactivated(keras.layers.DepthwiseConv2D(7, padding="same")),
            *preactivated(keras.layers.Conv2D(self.filters, 1)),
        ]


def main(image_size=128, filters=64, people=32, epochs=2):
    model = StackedHourglass(
        stacks=1, block=LargeKernelBlock, filters=filters, image_size=image_size
    )
    model.compile("adam", HeatmapLoss(), metrics=[PCKh()])

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (people, image_size, image_size, 3), "uint8")
    labels = np.ones((people, 16, 4), "float32")  # x, y, weight, reference length
    labels[..., :2] = random.uniform(0, image_size / 4, (people, 16, 2))
    model.fit(images, labels, epochs=epochs)
    return model


if __name__ == "__main__":
    main()
