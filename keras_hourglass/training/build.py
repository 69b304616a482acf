"""Building and compiling the network of a run from its configuration."""

import logging

import keras
from keras import optimizers

from keras_hourglass.models.hourglass_model import HourglassModel
from keras_hourglass.models.loading import CLASS_NAMES, load_argument
from keras_hourglass.models.trunk.precision import precision_scope
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.distillation import add_distillation_loss
from keras_hourglass.training.fine_tuning import freeze_layers, transfer_weights
from keras_hourglass.training.optimizers.flat_optimizer import FlatOptimizer
from keras_hourglass.training.optimizers.muon import Muon
from keras_hourglass.training.precision.centering import freeze_cancelled_biases
from keras_hourglass.training.precision.float32 import keep_stem_precise
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.tasks import TASKS

logger = logging.getLogger(__name__)


def _rmsprop(learning_rate, **kwargs):
    # The paper's epsilon is 1e-8 outside the square root; Keras has it inside, where
    # its own 1e-7 would outweigh most squared gradients.
    return optimizers.RMSprop(learning_rate, rho=0.99, epsilon=1e-16, **kwargs)


OPTIMIZERS = {
    "adam": optimizers.Adam,
    "adamw": optimizers.AdamW,
    "muon": Muon,
    "rmsprop": _rmsprop,
}


def build_model(config: TrainConfig, initialize: bool = True) -> HourglassModel:
    """Builds the network of a run as it is before the first step.

    Args:
        config: Configuration of the run.
        initialize: False if a checkpoint will replace the initial weights, so that
            those of `config.init_weights` need not be loaded.
    """
    keras.utils.set_random_seed(config.seed)
    with precision_scope(config.precision):
        model = TASKS[config.task].network(**config.recipe.network)
    keep_stem_precise(model)
    if initialize and config.init_weights is not None:
        with precision_scope("float32"):
            source = load_argument(config.init_weights, "init_weights", *CLASS_NAMES)
        report = transfer_weights(source, model)
        logger.info("Initial weights from %s: %s.", config.init_weights, report)
    if config.freeze:
        frozen = freeze_layers(model, config.freeze)
        logger.info("%s weights are frozen.", f"{frozen:,}")
    return model


def compile_model(model: HourglassModel, config: TrainConfig, steps: int):
    """Compiles a network for a run with `steps` steps in an epoch."""
    task = TASKS[config.task]
    freeze_cancelled_biases(model)
    loss, metric = build_loss(config.recipe), task.make_metric(model)
    model.compile(build_optimizer(config.recipe, steps), loss, metrics=[metric])
    if config.teacher is not None:
        with precision_scope(config.precision):
            teacher = load_argument(config.teacher, "teacher")
        keep_stem_precise(teacher)
        add_distillation_loss(model, teacher, config.recipe.distill_weight, loss)
    # A checkpoint is loaded into it. In float16 it is not the one above.
    model.optimizer.build(model.trainable_variables)


def build_loss(recipe: Recipe) -> keras.losses.Loss:
    """Builds the loss of a recipe."""
    return TASKS[recipe.task].loss(recipe)


def build_optimizer(recipe: Recipe, steps: int) -> optimizers.Optimizer:
    """Builds the optimizer of a recipe, with `steps` steps in an epoch."""
    options = {"global_clipnorm": recipe.clip_norm}
    if recipe.weight_decay is not None:
        options["weight_decay"] = recipe.weight_decay
    if recipe.ema_span is not None:
        span = max(2, recipe.ema_span * recipe.epochs * steps)
        options |= {"use_ema": True, "ema_momentum": 1 - 1 / span}
    optimizer = OPTIMIZERS[recipe.optimizer](build_schedule(recipe, steps), **options)
    # The others gain nothing by it: JAX compiles AdamW's for longer.
    flat = keras.backend.backend() == "tensorflow"
    return FlatOptimizer(optimizer) if flat else optimizer


def set_iterations(optimizer: optimizers.Optimizer, steps: int):
    """Sets the steps that an optimizer has done, which its schedule counts."""
    # In float16 Keras wraps the optimizer in one that scales the loss.
    optimizer = getattr(optimizer, "inner_optimizer", None) or optimizer
    optimizer.iterations.assign(steps)


def build_schedule(recipe: Recipe, steps: int):
    """Builds the learning rate schedule, with `steps` steps in an epoch."""
    rate, total = recipe.learning_rate, recipe.epochs * steps
    if recipe.decay_epochs:
        rates = [rate * 0.1**i for i in range(len(recipe.decay_epochs) + 1)]
        boundaries = [epoch * steps for epoch in recipe.decay_epochs]
        return optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
    warm_up = round(recipe.warm_up * total)
    return optimizers.schedules.CosineDecay(
        0.0 if warm_up else rate,
        decay_steps=max(1, total - warm_up),
        warmup_target=rate if warm_up else None,
        warmup_steps=warm_up,
    )
