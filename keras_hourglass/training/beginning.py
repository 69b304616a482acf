"""How a run's network begins."""

from contextlib import contextmanager

import keras

from keras_hourglass.metrics import PCKh
from keras_hourglass.model import StackedHourglass
from keras_hourglass.predict import load
from keras_hourglass.training.distill import guide
from keras_hourglass.training.frozen import freeze
from keras_hourglass.training.plan import Plan
from keras_hourglass.training.transfer import transfer


def network(plan: Plan, fresh: bool = True, say=print) -> StackedHourglass:
    """The network of a run, as it is before the first step.

    Args:
        plan: Every choice.
        fresh: Whether its first weights matter: they are replaced where a run goes on.
        say: What prints a line.
    """
    keras.utils.set_random_seed(plan.seed)
    with computing_in(plan.precision):
        model = StackedHourglass(**plan.recipe.network)
    if fresh and plan.start is not None:
        say(f"From {plan.start}: {transfer(load(plan.start), model)}.")
    if plan.freeze:
        say(f"{freeze(model, plan.freeze):,} weights are frozen.")
    return model


def compile(model: StackedHourglass, plan: Plan, steps: int):
    """Readies a network for training, with `steps` of them in an epoch."""
    optimizer, loss = plan.recipe.make_optimizer(steps), plan.recipe.loss()
    model.compile(optimizer, loss, metrics=[PCKh(skeleton=model.skeleton)])
    if plan.teacher is not None:
        with computing_in(plan.precision):
            teacher = load(plan.teacher)
        guide(model, teacher, plan.recipe.distill_weight, loss)
    # What a run goes on with is loaded into it. In float16 it is not the one above.
    model.optimizer.build(model.trainable_variables)


@contextmanager
def computing_in(precision: str):
    """While it lasts, layers that are made compute in another precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
