"""Base of all networks: a trunk of hourglasses, presets, and checks of training."""

import keras
from keras.layers import Input

from keras_hourglass.models import weights
from keras_hourglass.models.blocks import get as get_block
from keras_hourglass.models.blocks import name_of as block_name
from keras_hourglass.models.config import (
    STRIDE,
    filters_by_size,
    simplify,
    validate_image_size,
    validate_positive_integers,
)
from keras_hourglass.models.input_checks import check_first_batch, validate_precision
from keras_hourglass.models.presets import folder, get_preset, places, with_weights
from keras_hourglass.models.torch_threads import spared_core
from keras_hourglass.models.trunk.heads import StackHeatmaps
from keras_hourglass.models.trunk.stacks import stack_hourglasses
from keras_hourglass.utils import suggest


class HourglassModel(keras.Model):
    """Stacked hourglasses with maps for some task: what its networks have in common.

    Args:
        maps: Channels of a stack's maps.
        network: Arguments of the trunk, as in `StackedHourglass`, and `image_size`.
        defaults: Defaults of the constructor, to suggest names.
        kwargs: `name` and `trainable`, as in `keras.Model`.

    Attributes:
        task: Purpose of the network, a key of `presets.PRESETS_OF`.
        facts: Those of its training, for the model card, if they are known.
        label_shape: Shape of a person's or a photograph's label; None is any number.
        label_meaning: Description of the numbers of a label.

    Raises:
        ValueError: If an argument is out of its range, a name is unknown, or Keras is
            set to channels first.
    """

    task: str
    facts = None
    label_shape: tuple
    label_meaning: str

    def __init__(self, maps: int, network: dict, defaults: dict, **kwargs):
        if unknown := kwargs.keys() - {"name", "trainable"}:
            name = min(unknown)
            raise TypeError(
                f"`{type(self).__name__}` has no argument {name!r}. "
                f"{suggest(name, defaults)} Received: {name}={kwargs[name]!r}"
            )
        if isinstance(preset := network["stacks"], str) and preset in self.presets:
            raise ValueError(
                "`stacks` must be a positive integer. The network of a preset is "
                f"`{type(self).__name__}.from_preset({preset!r})`. "
                f"Received: stacks={preset!r}"
            )
        counts = ("stacks", "blocks", "depth", "stem_filters")
        validate_positive_integers(**{name: network[name] for name in counts})
        if keras.config.image_data_format() != "channels_last":
            raise ValueError(
                "`image_data_format` must be 'channels_last' (see keras.json). "
                f"Received: image_data_format={keras.config.image_data_format()!r}"
            )
        filters = filters_by_size(network["filters"], network["depth"])
        trunk = {**network, "block": get_block(network["block"]), "filters": filters}
        size = validate_image_size(trunk.pop("image_size"), network["depth"])
        images = Input((*size, 3), name="images")
        outputs = stack_hourglasses(images, maps, **trunk)
        super().__init__(images, StackHeatmaps(name="heatmaps")(outputs), **kwargs)
        self.restore_attributes({**trunk, "image_size": size})

    def init_from_graph(self, graph: keras.Model, config: dict):
        """Initializes the model with given layers, and the attributes of its network.

        Args:
            graph: The layers, as a plain model.
            config: `get_config` of the network that they compute.
        """
        super().__init__(graph.input, graph.output, name=config["name"])
        self.restore_attributes(config)

    def restore_attributes(self, config: dict):
        """Sets the attributes that describe the network, from its configuration."""
        self.stacks, self.blocks = config["stacks"], config["blocks"]
        self.filters = simplify(config["filters"])
        self.stem_filters = config["stem_filters"]
        self.block, self.depth = get_block(config["block"]), config["depth"]
        self.image_size = tuple(config["image_size"])

    @classmethod
    def from_preset(cls, name: str, load_weights: bool = True, **changes):
        """Creates the network of a preset, with its weights.

        Args:
            name: Name of a packaged preset, a key of `presets` of this class; path of a
                folder that `save_to_preset` wrote; or the address of one on the Hugging
                Face Hub, "hf://USER/NAME" or "hf://USER/NAME@REVISION".
            load_weights: Whether to load the weights of the preset. Where it has none,
                `load_weights=False` is needed.
            changes: Arguments of the constructor that replace the preset's. With
                weights, only `image_size`, `offset`, `calibration` and `trainable` may
                differ; of a fused network, none.

        Returns:
            A network of this class.

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
        detector = kh.PersonDetector.from_preset("people")
        ```
        """
        if (found := places.find_folder(name)) is not None:
            return folder.load_folder(cls, found, load_weights, **changes)
        preset = get_preset(name, cls.task)
        if load_weights and preset.weights is None:
            raise ValueError(
                "`load_weights` must be False for a preset without weights; those with "
                f"weights are {', '.join(map(repr, with_weights(cls.task)))}. "
                f"Received: name={name!r}, load_weights={load_weights}"
            )
        network = {**cls.defaults, **preset.network}
        for argument in network.keys() & changes.keys():
            value, own = changes[argument], network[argument]
            folder.require_free(argument, value, own, name, load_weights)
        model = cls(**{**preset.network, **changes})
        if load_weights:
            weights.load_weights(model, preset.weights)
            model.facts = preset.facts
            if cls.task == "pose":
                model.calibration = changes.get("calibration", preset.calibration)
        return model

    def copy(self) -> "HourglassModel":
        """Returns a network with the same weights, not compiled.

        It computes in the global dtype policy; a fused network, in its own.
        """
        copy = type(self).from_config(self.get_config())
        keras.Model.set_weights(copy, self.get_weights())  # forgets nothing
        copy.facts = self.facts
        return copy

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

    @spared_core()
    def fit(self, x=None, y=None, *args, **kwargs):
        """Trains the network, as `keras.Model.fit` does.

        The first batch is checked before the first step, also of `validation_data`.

        Args:
            x: Images, `(samples, height, width, 3)`, RGB from 0 to 255; or batches of
                images and labels: a `tf.data.Dataset`, a `keras.utils.PyDataset`, or
                a generator.
            y: Labels. Of a `StackedHourglass`, `(samples, joints, 4)`: x and y in
                heatmap pixels, weight, and reference length in heatmap pixels. Of a
                `PersonDetector`, `(samples, rows, 5)`: x, y, width and height of a box
                in heatmap pixels, and weight.
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

    def forget_weights(self):
        """Drops what is known of the weights, before others take their place."""
        self.facts = None

    def set_weights(self, weights):
        self.forget_weights()
        super().set_weights(weights)

    def load_weights(self, filepath, *args, **kwargs):
        self.forget_weights()
        super().load_weights(filepath, *args, **kwargs)

    def make_train_function(self, force: bool = False):
        self.forget_weights()
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
        frozen = [layer.name for layer in self.layers if not layer.trainable]
        return {
            "stacks": self.stacks,
            "block": block_name(self.block),
            "blocks": self.blocks,
            "filters": self.filters,
            "stem_filters": self.stem_filters,
            "depth": self.depth,
            "image_size": self.image_size,
            "name": self.name,
            "trainable": self.trainable,
            **({"frozen": frozen} if frozen and self.trainable else {}),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = {**config}
        frozen = config.pop("frozen", ())
        model = cls(**config)
        for name in frozen:
            model.get_layer(name).trainable = False
        return model
