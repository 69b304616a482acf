"""Recipes: optimizers, schedules and augmentation by name."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.training import build, recipes
from keras_hourglass.training.recipes import Recipe


def test_the_learning_rate_warms_up_and_falls_to_nothing():
    recipe = Recipe(epochs=10, batch_size=4, learning_rate=1.0, warm_up=0.1)
    rates = [
        float(build.build_schedule(recipe, steps=10)(step))
        for step in (0, 5, 10, 55, 100)
    ]
    np.testing.assert_allclose(rates, [0, 0.5, 1, 0.5, 0], atol=1e-6)


def test_the_paper_is_followed_to_the_letter():
    paper = recipes.get_recipe("paper")
    assert (paper.epochs, paper.batch_size, paper.ema_span) == (220, 6, None)
    assert build.build_loss(paper).get_config()["sigma"] == 1 and paper.foreground == 0
    rates = [
        float(build.build_schedule(paper, 10)(10 * e + 5))
        for e in (0, 149, 150, 175, 200)
    ]
    np.testing.assert_allclose(rates, [5e-4, 5e-4, 5e-5, 5e-6, 5e-7], rtol=1e-5)
    optimizer = build.build_optimizer(paper, 10)
    optimizer = getattr(optimizer, "optimizer", optimizer)  # within one vector
    assert (optimizer.rho, optimizer.epsilon) == (0.99, 1e-16)
    assert not optimizer.momentum and optimizer.weight_decay is None
    assert paper.augmentation == Augmentation(0.25, 30, 0.6, 0.5, 0, 0.2)


def test_the_papers_augmentation_has_nothing_of_what_came_later():
    papers = ("scale", "rotation", "rotation_share", "flip", "color")
    later = {
        **asdict(recipes.get_recipe("paper").augmentation),
        **dict.fromkeys(papers, 0),
    }
    assert not any(later.values())
    assert recipes.get_recipe("demo").augmentation == Augmentation(
        scale=0.1, rotation=15.0
    )


def test_each_optimizer_of_a_recipe_is_built():
    assert (*build.OPTIMIZERS,) == recipes.OPTIMIZER_NAMES


def test_an_unknown_recipe_says_what_was_meant():
    with pytest.raises(ValueError, match="Did you mean 'modern'"):
        recipes.get_recipe("moderm")


@pytest.mark.parametrize(
    "name, value",
    [
        *[("epochs", 0), ("batch_size", 0), ("learning_rate", -1.0)],
        *[("optimizer", "sgd"), ("task", "segment")],
    ],
)
def test_values_that_cannot_train_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be .* {name}={value!r}"):
        replace(recipes.get_recipe("demo"), **{name: value})
