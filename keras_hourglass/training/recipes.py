"""How to train, by name: everything that is not the network itself."""

from dataclasses import dataclass, field, replace

from keras import optimizers

from keras_hourglass.data.augmentation import AUGMENTATIONS, Augmentation
from keras_hourglass.losses import HeatmapLoss
from keras_hourglass.models import presets
from keras_hourglass.training.flat_optimizer import FlatOptimizer
from keras_hourglass.utils import suggest


@dataclass(frozen=True)
class Recipe:
    """One way to train.

    Attributes:
        epochs: Passes over the people.
        batch_size: People of a step.
        learning_rate: The highest.
        optimizer: "adam", "adamw" or "rmsprop".
        warm_up: Share of the run in which the learning rate rises from 0.
        drops: Epochs at whose start it falls to a tenth; without any it falls along
            half a cosine wave.
        average: Share of the run's steps that the moving average of the weights looks
            back on. The average is what is validated and saved; None for none.
        sigma, foreground: Of `HeatmapLoss`.
        distill_weight: Share of the loss that a teacher decides, 0 to 1; the labels
            decide the rest.
        augmentation: How samples are varied.
        network: Arguments of `StackedHourglass` that differ from its defaults.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str = "adam"
    warm_up: float = 0.0
    drops: tuple[int, ...] = ()
    average: float | None = None
    sigma: float = 1.0
    foreground: float = 0.0
    distill_weight: float = 0.0
    augmentation: Augmentation = AUGMENTATIONS["paper"]
    network: dict = field(default_factory=dict)

    def __post_init__(self):
        if not 0 <= self.distill_weight <= 1:
            raise ValueError(
                "`distill_weight` must lie in 0 to 1. "
                f"Received: distill_weight={self.distill_weight}"
            )

    def loss(self) -> HeatmapLoss:
        """What to minimize."""
        return HeatmapLoss(self.sigma, self.foreground)

    def schedule(self, steps: int):
        """The learning rate by step, with `steps` of them in an epoch."""
        rate, total = self.learning_rate, self.epochs * steps
        if self.drops:
            rates = [rate * 0.1**i for i in range(len(self.drops) + 1)]
            boundaries = [epoch * steps for epoch in self.drops]
            return optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
        warm_up = round(self.warm_up * total)
        return optimizers.schedules.CosineDecay(
            0.0 if warm_up else rate,
            decay_steps=max(1, total - warm_up),
            warmup_target=rate if warm_up else None,
            warmup_steps=warm_up,
        )

    def make_optimizer(self, steps: int) -> optimizers.Optimizer:
        """The optimizer, with `steps` of them in an epoch."""
        averaging = {}
        if self.average is not None:
            back = max(2, self.average * self.epochs * steps)
            averaging = {"use_ema": True, "ema_momentum": 1 - 1 / back}
        return FlatOptimizer(
            OPTIMIZERS[self.optimizer](self.schedule(steps), **averaging)
        )


def _rmsprop(rate, **kwargs):
    # The paper's epsilon is 1e-8 outside the square root; Keras has it inside, where
    # its own 1e-7 would outweigh most squared gradients.
    return optimizers.RMSprop(rate, rho=0.99, epsilon=1e-16, **kwargs)


OPTIMIZERS = {
    "adam": optimizers.Adam,
    "adamw": optimizers.AdamW,
    "rmsprop": _rmsprop,
}

DEFAULT_RECIPE, DEMO_RECIPE = "modern", "demo"  # with a dataset, and without
RECIPES = {
    # Elhagry et al., https://arxiv.org/abs/2107.13643, to the letter.
    "paper": Recipe(
        epochs=220,
        batch_size=6,
        learning_rate=5e-4,
        optimizer="rmsprop",
        drops=(150, 175, 200),
    ),
    "modern": Recipe(
        epochs=140,
        batch_size=16,
        learning_rate=1e-3,
        warm_up=0.02,
        average=0.005,
        sigma=2.0,
        foreground=9.0,
        augmentation=AUGMENTATIONS["modern"],
    ),
    # Made the weights of the preset `photo`, on two cores, in goes that
    # docs/model-card.md tells.
    "photo": Recipe(
        epochs=15,
        batch_size=16,
        learning_rate=3e-3,
        optimizer="adamw",
        warm_up=0.03,
        average=0.01,
        foreground=9.0,
        network=presets.get_preset("photo").network,
    ),
    # Minutes on two cores: small pictures, a narrow network.
    "demo": Recipe(
        epochs=4,
        batch_size=16,
        learning_rate=4e-3,
        warm_up=0.05,
        foreground=9.0,
        augmentation=AUGMENTATIONS["light"],
        network={"image_size": 96, "depth": 3, "filters": 64, "stem_filters": 16},
    ),
}

# Zhang, Zhu, Ye. Fast Human Pose Estimation, CVPR 2019, who give teacher and labels
# the same weight, too. https://arxiv.org/abs/1811.05419
RECIPES["distill"] = replace(RECIPES[DEFAULT_RECIPE], distill_weight=0.5)


def get_recipe(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        ValueError: If there is none; with a guess at what was meant.
    """
    if name in RECIPES:
        return RECIPES[name]
    raise ValueError(
        f"`recipe` must be a recipe's name. {suggest(name, RECIPES)} Received: {name!r}"
    )
