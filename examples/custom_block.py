"""Train with a bottleneck block of your own.

python examples/custom_block.py
"""

import keras
import numpy as np

import keras_hourglass as kh


@keras.saving.register_keras_serializable("examples")
class LargeKernelBlock(kh.Bottleneck):
    """One depthwise 7 x 7 convolution between two pointwise ones."""

    def branch_layers(self):
        return [
            *kh.preactivated(keras.layers.Conv2D(self.filters // 2, 1)),
            *kh.preactivated(keras.layers.DepthwiseConv2D(7, padding="same")),
            *kh.preactivated(keras.layers.Conv2D(self.filters, 1)),
        ]


def main(image_size=128, filters=64, people=32, epochs=2):
    model = kh.StackedHourglass(
        stacks=1, block=LargeKernelBlock, filters=filters, image_size=image_size
    )
    model.compile("adam", kh.HeatmapLoss(), metrics=[kh.PCKh()])

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (people, image_size, image_size, 3), "uint8")
    labels = np.ones((people, 16, 4), "float32")  # x, y, weight, reference length
    labels[..., :2] = random.uniform(0, image_size / 4, (people, 16, 2))
    model.fit(images, labels, epochs=epochs)
    return model


if __name__ == "__main__":
    main()
