"""Stacked hourglass network.

Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV 2016.
https://arxiv.org/abs/1603.06937
"""

import keras
from keras.initializers import RandomNormal
from keras.layers import Add, Conv2D, Input, MaxPooling2D, ReLU, ZeroPadding2D

from keras_hourglass import skeletons
from keras_hourglass.models import weights
from keras_hourglass.models.blocks import get as get_block
from keras_hourglass.models.blocks import name_of as block_name
from keras_hourglass.models.blocks.batch_norm import batch_normalization
from keras_hourglass.models.config import (
    NETWORK_DEFAULTS,
    STRIDE,
    validate_image_size,
    validate_offset,
    validate_positive_integers,
)
from keras_hourglass.models.heads import NormalizePixels, StackHeatmaps
from keras_hourglass.models.hourglass import Hourglass
from keras_hourglass.models.input_checks import check_first_batch, validate_precision
from keras_hourglass.models.presets import (
    PRESETS,
    PRESETS_WITH_WEIGHTS,
    folder,
    get_preset,
    places,
)
from keras_hourglass.models.torch_threads import spared_core
from keras_hourglass.utils import suggest


@keras.saving.register_keras_serializable("keras_hourglass")
class StackedHourglass(keras.Model):
    """Stacked hourglass network: estimates the pose of the person in a crop.

    Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV
    2016. https://arxiv.org/abs/1603.06937. The light blocks: Elhagry, Saeed, Araia.
    Lighter Stacked Hourglass Human Pose Estimation. https://arxiv.org/abs/2107.13643

    Args:
        stacks: Hourglasses in a row. Each is supervised, the last one is decoded.
        block: Name (one of `models.config.BLOCK_NAMES`) or class of the bottleneck
            block, a registered subclass of `Bottleneck`.
        blocks: Blocks at each position of an hourglass.
        filters: Channels of the hourglasses, even.
        stem_filters: Channels of the first convolution.
        depth: Number of times that an hourglass halves its input.
        skeleton: Joints of the heatmaps: "mpii", "lsp", "coco", a `Skeleton`, or its
            configuration.
        image_size: Pixels of a side, or (height, width); multiples of
            `4 * 2**depth`.
        offset: (x, y), in heatmap pixels, that decoding adds: the bias of the code
            that trained the weights.
        kwargs: `name` and `trainable`, as in `keras.Model`.

    Attributes:
        presets: Name -> description of the packaged presets, for `from_preset`.
        facts: Those of its training, for the model card, if they are known.

    Input shape:
        `(batch, height, width, 3)`, RGB from 0 to 255, uint8 or float.

    Output shape:
        `(batch, stacks, height / 4, width / 4, joints)`, float32, also for one
        stack. A heatmap is 1 at its joint, 0 far from it.

    Raises:
        ValueError: If an argument is out of its range, a name is unknown, or Keras is
            set to channels first.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    model = kh.StackedHourglass(stacks=1, block="ghost", filters=32, image_size=64)
    heatmaps = model.predict(np.zeros((2, 64, 64, 3), "uint8"))
    assert heatmaps.shape == (2, 1, 16, 16, 16)
    ```
    """

    presets = {name: preset.description for name, preset in PRESETS.items()}
    facts = None

    def __init__(
        self,
        stacks: int = NETWORK_DEFAULTS["stacks"],
        block=NETWORK_DEFAULTS["block"],
        blocks: int = NETWORK_DEFAULTS["blocks"],
        filters: int = NETWORK_DEFAULTS["filters"],
        stem_filters: int = NETWORK_DEFAULTS["stem_filters"],
        depth: int = NETWORK_DEFAULTS["depth"],
        skeleton=NETWORK_DEFAULTS["skeleton"],
        image_size: int | tuple[int, int] = NETWORK_DEFAULTS["image_size"],
        offset: tuple[float, float] = NETWORK_DEFAULTS["offset"],
        **kwargs,
    ):
        if unknown := kwargs.keys() - {"name", "trainable"}:
            name = min(unknown)
            raise TypeError(
                f"`StackedHourglass` has no argument {name!r}. "
                f"{suggest(name, NETWORK_DEFAULTS)} Received: {name}={kwargs[name]!r}"
            )
        if isinstance(stacks, str) and stacks in PRESETS:
            raise ValueError(
                "`stacks` must be a positive integer. The network of a preset is "
                f"`StackedHourglass.from_preset({stacks!r})`. "
                f"Received: stacks={stacks!r}"
            )
        counts = {"stacks": stacks, "blocks": blocks, "depth": depth}
        counts |= {"filters": filters, "stem_filters": stem_filters}
        validate_positive_integers(**counts)
        if keras.config.image_data_format() != "channels_last":
            raise ValueError(
                "`image_data_format` must be 'channels_last' (see keras.json). "
                f"Received: image_data_format={keras.config.image_data_format()!r}"
            )
        block, skeleton = get_block(block), skeletons.get(skeleton)
        height, width = validate_image_size(image_size, depth)
        offset = validate_offset(offset)

        images = Input((height, width, 3), name="images")
        x = _stem(images, block, stem_filters, filters)
        outputs = []
        for stack in range(1, stacks + 1):
            y = Hourglass(depth, block, blocks, filters, name=f"stack_{stack}")(x)
            for i in range(1, blocks + 1):
                y = block(filters, name=f"stack_{stack}_block_{i}")(y)
            y = Conv2D(filters, 1, name=f"stack_{stack}_convolution")(y)
            y = batch_normalization(name=f"stack_{stack}_norm")(y)
            y = ReLU(name=f"stack_{stack}_relu")(y)
            outputs.append(_head(len(skeleton.joints), f"stack_{stack}_heatmaps")(y))
            if stack < stacks:
                y = Conv2D(filters, 1, name=f"stack_{stack}_features_back")(y)
                back = Conv2D(filters, 1, name=f"stack_{stack}_heatmaps_back")
                x = Add(name=f"stack_{stack}_sum")([x, y, back(outputs[-1])])
        super().__init__(images, StackHeatmaps(name="heatmaps")(outputs), **kwargs)

        self.stacks, self.block, self.blocks = stacks, block, blocks
        self.filters, self.stem_filters, self.depth = filters, stem_filters, depth
        self.skeleton, self.image_size = skeleton, (height, width)
        self.offset = offset

    @classmethod
    def from_preset(cls, name: str, load_weights: bool = True, **changes):
        """Creates the network of a preset, with its weights.

        Args:
            name: Name of a packaged preset, a key of `StackedHourglass.presets`; path
                of a folder that `save_to_preset` wrote; or the address of one on the
                Hugging Face Hub, "hf://USER/NAME" or "hf://USER/NAME@REVISION".
            load_weights: Whether to load the weights of the preset. Most packaged
                ones have none, and need `load_weights=False`.
            changes: Arguments of the constructor that replace the preset's. With
                weights, only `image_size` and `offset` may differ.

        Returns:
            A `StackedHourglass`.

        Raises:
            ModuleNotFoundError: If `huggingface_hub` is needed: `pip install '.[hub]'`.
            OSError: If a file is missing, or the hub cannot be reached.
            ValueError: If there is no such preset, it has no weights, they do not fit
                the changed network, or a file is damaged.

        Example:

        ```python
        import keras_hourglass as kh

        print(kh.StackedHourglass.presets)
        model = kh.StackedHourglass.from_preset("photo")
        network = kh.StackedHourglass.from_preset("hg1", load_weights=False)
        ```
        """
        if (found := places.find_folder(name)) is not None:
            return folder.load_folder(cls, found, load_weights, **changes)
        preset = get_preset(name)
        network = {**NETWORK_DEFAULTS, **preset.network}
        if load_weights and preset.weights is None:
            raise ValueError(
                "`load_weights` must be False for a preset without weights; those with "
                f"weights are {', '.join(map(repr, PRESETS_WITH_WEIGHTS))}. "
                f"Received: name={name!r}, load_weights={load_weights}"
            )
        for argument in network.keys() & changes.keys():
            value, own = changes[argument], network[argument]
            folder.require_free(argument, value, own, name, load_weights)
        model = cls(**{**preset.network, **changes})
        if load_weights:
            weights.load_weights(model, preset.weights)
            model.facts = preset.facts
        return model

    def save_to_preset(self, directory, license: str | None = None):
        """Saves the network as a folder for `from_preset`, in KerasHub's file layout.

        `config.json`, `model.weights.h5`, `metadata.json`, and a model card,
        `README.md`. It describes the training if the network was loaded from a run or
        a preset, and was not trained since. A card that is there stays.

        Args:
            directory: A new or empty folder, or that of an earlier preset.
            license: Of the weights, as Hugging Face spells it: "cc-by-4.0", say.

        Raises:
            OSError: If it cannot be written.
            ValueError: If the folder holds other files, or a class is not registered.

        Example:

        ```python
        import keras_hourglass as kh

        kh.load_model("photo").save_to_preset("preset")
        model = kh.StackedHourglass.from_preset("preset")
        ```
        """
        folder.save_folder(self, directory, self.facts, license)

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        **kwargs,
    ):
        """Configures training, as `keras.Model.compile` does.

        Every `PCKh` among the metrics that has no skeleton receives the model's.

        Args:
            optimizer: Name or instance of an optimizer.
            loss: Usually a `HeatmapLoss`.
            loss_weights: As in `keras.Model.compile`.
            metrics: List of metrics, usually with a `PCKh`.
            weighted_metrics: List of metrics that heed sample weights.
            kwargs: Other arguments of `keras.Model.compile`.

        Example:

        ```python
        import keras
        import keras_hourglass as kh

        model = kh.StackedHourglass(stacks=1, filters=32, image_size=64)
        model.compile(
            keras.optimizers.Adam(1e-3), kh.HeatmapLoss(), metrics=[kh.PCKh()]
        )
        ```
        """
        for metric in keras.tree.flatten([metrics, weighted_metrics]):
            if hasattr(metric, "bind") and metric.skeleton is None:
                metric.bind(self.skeleton)
        super().compile(
            optimizer, loss, loss_weights, metrics, weighted_metrics, **kwargs
        )

    def compile_from_config(self, config):
        # As in Keras, which leaves out models with a `compile` of their own.
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    @spared_core()
    def fit(self, x=None, y=None, *args, **kwargs):
        """Trains the network, as `keras.Model.fit` does.

        The first batch is checked before the first step, also of `validation_data`.

        Args:
            x: Images, `(samples, height, width, 3)`, RGB from 0 to 255; or batches of
                images and labels: a `tf.data.Dataset`, a `keras.utils.PyDataset`, or
                a generator.
            y: Labels, `(samples, joints, 4)`: x and y in heatmap pixels, weight, and
                reference length in heatmap pixels.
            *args: Other positional arguments of `keras.Model.fit`.
            **kwargs: Its other keyword arguments.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If images or labels do not fit the network, or weights or the
                `floatx` of Keras have 16 bits, which round small changes off.
        """
        x = check_first_batch(self, x, y)
        validation = kwargs.get("validation_data")
        if isinstance(validation, tuple | list):
            check_first_batch(self, *validation[:2])
        elif validation is not None:
            kwargs["validation_data"] = check_first_batch(self, validation)
        return super().fit(x, y, *args, **kwargs)

    @spared_core()
    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Computes loss and metrics, as `keras.Model.evaluate` does.

        The first batch is checked before the first step; see `fit`.

        Args:
            x: Images or batches, as in `fit`.
            y: Labels, as in `fit`.
            *args: Other positional arguments of `keras.Model.evaluate`.
            **kwargs: Its other keyword arguments.

        Returns:
            As `keras.Model.evaluate`.

        Raises:
            ValueError: If images or labels do not fit the network.
        """
        if not kwargs.get("_use_cached_eval_dataset"):  # `fit` has checked it
            x = check_first_batch(self, x, y)
        return super().evaluate(x, y, *args, **kwargs)

    def set_weights(self, weights):
        self.facts = None  # are those of other weights
        super().set_weights(weights)

    def load_weights(self, filepath, *args, **kwargs):
        self.facts = None
        super().load_weights(filepath, *args, **kwargs)

    def make_train_function(self, force: bool = False):
        self.facts = None
        validate_precision(self)
        # Within the first step, TensorFlow would trace it twice: once to create the
        # variables of the optimizer.
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        super().make_train_function(force)

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the images, in pixels: `image_size` as a grid's size."""
        height, width = self.image_size
        return width, height

    @property
    def heatmap_size(self) -> tuple[int, int]:
        """(width, height) of the heatmaps, in pixels: a grid's size."""
        width, height = self.input_size
        return width // STRIDE, height // STRIDE

    def get_config(self):
        return {
            "stacks": self.stacks,
            "block": block_name(self.block),
            "blocks": self.blocks,
            "filters": self.filters,
            "stem_filters": self.stem_filters,
            "depth": self.depth,
            "skeleton": self.skeleton.get_config(),
            "image_size": self.image_size,
            "offset": self.offset,
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def _head(joints, name):
    """Creates the convolution to heatmaps; near 0 at first, as most pixels end."""
    start = RandomNormal(stddev=0.001)
    return Conv2D(joints, 1, kernel_initializer=start, name=name)


def _stem(images, block, stem_filters, filters):
    """Computes features of a quarter of the size of the images."""
    x = NormalizePixels(name="normalize")(images)
    # Symmetric padding, as in PyTorch; Keras's "same" would shift the features.
    x = ZeroPadding2D(3, name="stem_padding")(x)
    x = Conv2D(stem_filters, 7, strides=2, name="stem_convolution")(x)
    x = batch_normalization(name="stem_norm")(x)
    x = ReLU(name="stem_relu")(x)
    x = block(2 * stem_filters, name="stem_block_1")(x)
    x = MaxPooling2D(2, name="stem_pooling")(x)
    x = block(4 * stem_filters, name="stem_block_2")(x)
    return block(filters, name="stem_block_3")(x)
