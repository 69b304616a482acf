"""Stacked hourglass network.

Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV 2016.
https://arxiv.org/abs/1603.06937
"""

import keras

from keras_hourglass import skeletons
from keras_hourglass.heatmaps.calibration import validate_calibration
from keras_hourglass.models.config import NETWORK_DEFAULTS, validate_offset
from keras_hourglass.models.hourglass_model import HourglassModel
from keras_hourglass.models.presets import describe_presets


@keras.saving.register_keras_serializable("keras_hourglass")
class StackedHourglass(HourglassModel):
    """Stacked hourglass network: estimates the pose of the person in a crop.

    Newell, Yang, Deng. Stacked Hourglass Networks for Human Pose Estimation, ECCV
    2016. https://arxiv.org/abs/1603.06937. The light blocks: Elhagry, Saeed, Araia.
    Lighter Stacked Hourglass Human Pose Estimation. https://arxiv.org/abs/2107.13643

    Args:
        stacks: Hourglasses in a row. Each is supervised, the last one is decoded.
        block: Name (one of `models.config.BLOCK_NAMES`) or class of the bottleneck
            block, a registered subclass of `Bottleneck`.
        blocks: Blocks at each position of an hourglass.
        filters: Channels of the hourglasses, even; or those at each of their
            `depth + 1` sizes, from the largest, which is that of the heatmaps, to the
            smallest. More channels at smaller sizes cost little time: Law, Deng.
            CornerNet, ECCV 2018. https://arxiv.org/abs/1808.01244
        stem_filters: Channels of the first convolution.
        depth: Number of times that an hourglass halves its input.
        skeleton: Joints of the heatmaps: "mpii", "lsp", "coco", a `Skeleton`, or its
            configuration.
        image_size: Pixels of a side, or (height, width); multiples of
            `4 * 2**depth`.
        offset: (x, y), in heatmap pixels, that decoding adds: the bias of the code
            that trained the weights. Metrics decode without it.
        calibration: (slope, intercept) of the scores of joints, as
            `Evaluation.fit_calibration` fits them: see `heatmaps.calibration`. None
            leaves the peaks of the heatmaps as scores.
        kwargs: `name` and `trainable`, as in `keras.Model`.

    Attributes:
        presets: Name -> description of the packaged presets, for `from_preset`.
        facts: Those of its training, for the model card, if they are known.

    The attribute `calibration` may be set, and is saved with the network. Training sets
    it to None, and `offset` to 0: they are those of other weights.

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

    task = "pose"
    presets = describe_presets("pose")
    defaults = NETWORK_DEFAULTS

    def __init__(
        self,
        stacks: int = NETWORK_DEFAULTS["stacks"],
        block=NETWORK_DEFAULTS["block"],
        blocks: int = NETWORK_DEFAULTS["blocks"],
        filters: int | tuple[int, ...] = NETWORK_DEFAULTS["filters"],
        stem_filters: int = NETWORK_DEFAULTS["stem_filters"],
        depth: int = NETWORK_DEFAULTS["depth"],
        skeleton=NETWORK_DEFAULTS["skeleton"],
        image_size: int | tuple[int, int] = NETWORK_DEFAULTS["image_size"],
        offset: tuple[float, float] = NETWORK_DEFAULTS["offset"],
        calibration: tuple[float, float] | None = NETWORK_DEFAULTS["calibration"],
        **kwargs,
    ):
        skeleton, offset = skeletons.get(skeleton), validate_offset(offset)
        calibration = validate_calibration(calibration)
        network = {
            "stacks": stacks,
            "block": block,
            "blocks": blocks,
            "filters": filters,
            "stem_filters": stem_filters,
            "depth": depth,
            "image_size": image_size,
        }
        super().__init__(len(skeleton.joints), network, NETWORK_DEFAULTS, **kwargs)
        self.skeleton, self.offset = skeleton, offset
        self.calibration = calibration

    def restore_attributes(self, config: dict):
        super().restore_attributes(config)
        if "skeleton" in config:
            self.skeleton = skeletons.get(config["skeleton"])
            self.offset = tuple(config["offset"])
            self.calibration = config.get("calibration")  # none before version 0.7

    @property
    def calibration(self) -> tuple[float, float] | None:
        """(slope, intercept) of the scores, or None; see `heatmaps.calibration`."""
        return self._calibration

    @calibration.setter
    def calibration(self, calibration):
        self._calibration = validate_calibration(calibration)

    @property
    def label_shape(self) -> tuple:
        """Shape of a person's label."""
        return len(self.skeleton.joints), 4

    @property
    def label_meaning(self) -> str:
        """Description of the numbers of a label."""
        return (
            f"x, y, weight and reference length of each of the "
            f"{len(self.skeleton.joints)} joints of the model's skeleton"
        )

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

        Every `PCKh` among the metrics that has no skeleton receives the model's; others
        must have as many joints.

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
            if not hasattr(metric, "bind"):
                continue
            if metric.skeleton is None:
                metric.bind(self.skeleton)
            joints, own = self.skeleton.joints, getattr(metric.skeleton, "joints", None)
            if own is not None and len(own) != len(joints):
                raise ValueError(
                    f"`metrics` must be of the {len(joints)} joints of the network. "
                    f"Received: {metric.name!r}, of {len(own)} joints"
                )
        super().compile(
            optimizer, loss, loss_weights, metrics, weighted_metrics, **kwargs
        )

    def compile_from_config(self, config):
        # Keras leaves out all models with a `compile` of their own. That of a subclass
        # may take other arguments.
        if type(self).compile is not StackedHourglass.compile:
            return super().compile_from_config(config)
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def forget_weights(self):
        super().forget_weights()
        self.calibration = None

    def make_train_function(self, force: bool = False):
        self.offset = 0, 0  # labels have none
        super().make_train_function(force)

    def get_config(self):
        return {
            **super().get_config(),
            "skeleton": self.skeleton.get_config(),
            "offset": self.offset,
            "calibration": self.calibration,
        }
