"""Base of the tasks that networks are trained for."""

import numpy as np

from keras_hourglass.data.people.mixture import Mixture
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.models.hourglass_model import HourglassModel
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.recipes import Recipe


class Task:
    """A task: a key of `models.presets.PRESETS_OF`.

    Attributes:
        name: The key.
        network: Class of its networks.
        metric: Name of its metric, in percent; that of validation has `val_` before it.
        callback: Class of the `ScoreTable` that prints the metric.
    """

    name: str
    network: type[HourglassModel]
    metric: str
    callback: type

    def loss(self, recipe: Recipe):
        """Makes the loss of a recipe."""
        raise NotImplementedError

    def make_metric(self, model):
        """Makes the metric of a network."""
        raise NotImplementedError

    def load_data(self, config: TrainConfig, model, given: dict) -> Mixture:
        """Loads the datasets of a configuration.

        Args:
            config: Of the run.
            model: The network.
            given: Data that are no files, by name and root; see `config.given_people`.
        """
        raise NotImplementedError

    def preprocessor(self, dataset, model, augmentation, seed: int) -> Preprocessor:
        """Makes the preprocessor of a dataset's samples."""
        raise NotImplementedError

    def snapshot(self, model, loader) -> dict[str, np.ndarray]:
        """Draws the first samples of a loader: name -> image.

        Among them are "predictions".
        """
        raise NotImplementedError
