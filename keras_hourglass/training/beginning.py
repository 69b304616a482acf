"""How a run's network begins: new, or as its folder keeps it."""

from pathlib import Path

import keras

from keras_hourglass.metrics import PCKh
from keras_hourglass.model import StackedHourglass
from keras_hourglass.training.folder import LAST
from keras_hourglass.training.plan import Plan


def network(plan: Plan, folder: Path) -> StackedHourglass:
    """The network of a run."""
    keras.utils.set_random_seed(plan.seed)
    if (folder / LAST).is_file():
        return keras.models.load_model(folder / LAST)
    return StackedHourglass(**plan.recipe.network)


def compile(model: StackedHourglass, plan: Plan, steps: int):
    """Readies a network for training, with `steps` of them in an epoch."""
    if model.compiled:  # it goes on
        return
    optimizer = plan.recipe.make_optimizer(steps)
    metric = PCKh(skeleton=model.skeleton)
    model.compile(optimizer, plan.recipe.loss(), metrics=[metric])
    # Left to the first step, it would be traced with it, and twice: that takes
    # two thirds of the time until something moves.
    optimizer.build(model.trainable_variables)
