"""Person detector: stacked hourglasses that find the people in a photograph.

Zhou, Wang, Krähenbühl. Objects as Points, 2019. https://arxiv.org/abs/1904.07850
"""

import keras

from keras_hourglass.heatmaps.boxes import CHANNELS, decode_boxes
from keras_hourglass.models.config import DETECTOR_DEFAULTS
from keras_hourglass.models.hourglass_model import HourglassModel
from keras_hourglass.models.presets import describe_presets

# Of the head: nearly all pixels are no middles; a box has a side of some 9 pixels.
HEAD_BIAS = (-4.6, 1.5, 1.5, 1.5, 1.5)


@keras.saving.register_keras_serializable("keras_hourglass")
class PersonDetector(HourglassModel):
    """Stacked hourglass network that finds the people in a photograph.

    People are points, the middles of their boxes, as in Zhou et al., Objects as Points,
    2019, https://arxiv.org/abs/1904.07850, whose network is a stacked hourglass, too.
    The trunk is that of `StackedHourglass`.

    It takes photographs that are scaled to fit into its image size (letterbox). To find
    people in photographs of any size, use `load_detector`.

    Args:
        stacks, block, blocks, filters, stem_filters, depth: See `StackedHourglass`.
        image_size: Pixels of a side, or (height, width); multiples of
            `4 * 2**depth`.
        kwargs: `name` and `trainable`, as in `keras.Model`.

    Attributes:
        presets: Name -> description of the packaged presets, for `from_preset`.
        facts: Those of its training, for the model card, if they are known.

    Input shape:
        `(batch, height, width, 3)`, RGB from 0 to 255, uint8 or float.

    Output shape:
        `(batch, stacks, height / 4, width / 4, 5)`, float32: the logit of a person's
        middle, and the logarithms of the distances to the sides of the person's box;
        `decode` reads them.

    Raises:
        ValueError: If an argument is out of its range, a name is unknown, or Keras is
            set to channels first.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    model = kh.PersonDetector(filters=32, image_size=128)
    maps = model.predict(np.zeros((2, 128, 128, 3), "uint8"))
    boxes, scores = model.decode(maps)
    assert maps.shape == (2, 1, 32, 32, 5) and boxes.shape == (2, 128, 4)
    ```
    """

    task = "detect"
    presets = describe_presets("detect")
    defaults = DETECTOR_DEFAULTS
    label_shape = (None, 5)
    label_meaning = "x, y, width, height and weight of each box"

    def __init__(
        self,
        stacks: int = DETECTOR_DEFAULTS["stacks"],
        block=DETECTOR_DEFAULTS["block"],
        blocks: int = DETECTOR_DEFAULTS["blocks"],
        filters: int | tuple[int, ...] = DETECTOR_DEFAULTS["filters"],
        stem_filters: int = DETECTOR_DEFAULTS["stem_filters"],
        depth: int = DETECTOR_DEFAULTS["depth"],
        image_size: int | tuple[int, int] = DETECTOR_DEFAULTS["image_size"],
        **kwargs,
    ):
        network = {
            "stacks": stacks,
            "block": block,
            "blocks": blocks,
            "filters": filters,
            "stem_filters": stem_filters,
            "depth": depth,
            "image_size": image_size,
        }
        super().__init__(CHANNELS, network, DETECTOR_DEFAULTS, **kwargs)
        for stack in range(1, stacks + 1):
            self.get_layer(f"stack_{stack}_heatmaps").bias.assign(HEAD_BIAS)

    def decode(self, maps):
        """Decodes maps into boxes, by `keras.ops`.

        Args:
            maps: `(batch, stacks, height, width, 5)`, of which the last stack is read.

        Returns:
            Boxes `(batch, N, 4)`, x, y, width, height in pixels of the maps, where N is
            128, or all pixels of smaller maps; and their scores `(batch, N)`, 0 to 1,
            the highest first. Those of boxes that
            others suppress are 0.
        """
        return decode_boxes(maps[:, -1])
