"""Training recipes by name: optimizer, schedule, loss and augmentation.

Plain data, without Keras: `build.py` makes the objects.
"""

from dataclasses import dataclass, field, replace

from keras_hourglass.data.augmentation import AUGMENTATIONS, Augmentation, find
from keras_hourglass.data.detection.augmentation import (
    DETECTION_AUGMENTATIONS,
    DetectionAugmentation,
)
from keras_hourglass.models import presets
from keras_hourglass.models.config import validate_positive_integers
from keras_hourglass.utils import suggest

OPTIMIZER_NAMES = "adam", "adamw", "muon", "rmsprop"
AUGMENTATION_CLASSES = {"pose": Augmentation, "detect": DetectionAugmentation}
AUGMENTATIONS_OF = {"pose": AUGMENTATIONS, "detect": DETECTION_AUGMENTATIONS}
AUGMENTATION_NAMES = (*AUGMENTATIONS, *DETECTION_AUGMENTATIONS)


@dataclass(frozen=True)
class Recipe:
    """A training recipe.

    Attributes:
        epochs: Passes over the training people.
        batch_size: People of a step.
        learning_rate: The highest learning rate.
        optimizer: One of `OPTIMIZER_NAMES`.
        warm_up: Share of the run in which the learning rate rises from 0, before the
            cosine wave.
        decay_epochs: Epochs at whose start the learning rate falls to a tenth; without
            any, it follows half a cosine wave.
        ema_span: Time constant of the weights' exponential moving average, as a share
            of the run's steps. The average is validated and saved; None for none.
        weight_decay: Of AdamW and Muon; None for that of Keras.
        clip_norm: Largest norm of the gradient of all weights; None for any.
        sigma, foreground, outside: See `HeatmapLoss`.
        box_weight: See `CenterLoss`.
        distill_weight: Share of the teacher in the loss, 0 to 1; the labels have the
            rest.
        augmentation: Augmentation of training samples.
        network: Arguments of the network that differ from its defaults.
        task: Purpose of the network: "pose" or "detect".
    """

    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str = "adam"
    warm_up: float = 0.0
    decay_epochs: tuple[int, ...] = ()
    ema_span: float | None = None
    weight_decay: float | None = None
    clip_norm: float | None = None
    sigma: float = 1.0
    foreground: float = 0.0
    outside: str = "ignore"
    box_weight: float = 5.0
    distill_weight: float = 0.0
    augmentation: Augmentation | DetectionAugmentation = AUGMENTATIONS["paper"]
    network: dict = field(default_factory=dict)
    task: str = "pose"

    def __post_init__(self):
        validate_positive_integers(epochs=self.epochs, batch_size=self.batch_size)
        if not self.learning_rate > 0:
            raise ValueError(
                "`learning_rate` must be above 0. "
                f"Received: learning_rate={self.learning_rate}"
            )
        if not 0 <= self.distill_weight <= 1:
            raise ValueError(
                "`distill_weight` must lie in 0 to 1. "
                f"Received: distill_weight={self.distill_weight}"
            )
        choices = {"task": AUGMENTATION_CLASSES, "optimizer": OPTIMIZER_NAMES}
        for name, known in choices.items():
            if (value := getattr(self, name)) not in known:
                raise ValueError(
                    f"`{name}` must be one of {[*known]}. Received: {name}={value!r}"
                )
        kind = AUGMENTATION_CLASSES[self.task]
        if not isinstance(self.augmentation, kind):
            raise ValueError(
                f"`augmentation` must be a `{kind.__name__}` for the task "
                f"{self.task!r}. Received: augmentation={self.augmentation!r}"
            )


DEFAULT_RECIPE, DEMO_RECIPE = "modern", "demo"  # with a dataset, and without one
DEFAULT_RECIPES = {  # of each task, likewise
    "pose": (DEFAULT_RECIPE, DEMO_RECIPE),
    "detect": ("detect", "detect_demo"),
}
DISTILL_RECIPE = "distill"  # with a teacher
RECIPES = {
    # Elhagry et al., https://arxiv.org/abs/2107.13643, to the letter.
    "paper": Recipe(
        epochs=220,
        batch_size=6,
        learning_rate=5e-4,
        optimizer="rmsprop",
        decay_epochs=(150, 175, 200),
    ),
    "modern": Recipe(
        epochs=140,
        batch_size=16,
        learning_rate=1e-3,
        warm_up=0.02,
        ema_span=0.005,
        sigma=2.0,
        foreground=9.0,
        augmentation=AUGMENTATIONS["modern"],
    ),
    # For photographs of all kinds, on two cores: docs/model-card.md.
    "photo": Recipe(
        epochs=50,
        batch_size=16,
        learning_rate=3e-3,
        optimizer="muon",
        warm_up=0.03,
        ema_span=0.01,
        clip_norm=10.0,
        foreground=9.0,
        outside="empty",
        augmentation=AUGMENTATIONS["photo"],
        network=presets.get_preset("photo").network,
    ),
    # Minutes on two cores: small images, a narrow network.
    "demo": Recipe(
        epochs=4,
        batch_size=16,
        learning_rate=4e-3,
        warm_up=0.05,
        foreground=9.0,
        augmentation=AUGMENTATIONS["light"],
        network={"image_size": 96, "depth": 3, "filters": 64, "stem_filters": 16},
    ),
    # Of the preset `people`, whose sizes grew in its training: docs/training.md.
    "detect": Recipe(
        epochs=30,
        batch_size=16,
        learning_rate=2e-3,
        optimizer="adamw",
        warm_up=0.02,
        ema_span=0.02,
        weight_decay=1e-3,
        clip_norm=10.0,
        augmentation=DETECTION_AUGMENTATIONS["detect"],
        task="detect",
    ),
    "detect_demo": Recipe(
        epochs=6,
        batch_size=8,
        learning_rate=4e-3,
        optimizer="adamw",
        warm_up=0.05,
        weight_decay=1e-3,
        clip_norm=10.0,
        augmentation=DETECTION_AUGMENTATIONS["detect_light"],
        network={"image_size": 128, "filters": 32, "stem_filters": 8},
        task="detect",
    ),
}

# Equal weights of teacher and labels: Zhang, Zhu, Ye. Fast Human Pose Estimation, CVPR
# 2019. https://arxiv.org/abs/1811.05419
RECIPES[DISTILL_RECIPE] = replace(RECIPES[DEFAULT_RECIPE], distill_weight=0.5)
RECIPE_NAMES = tuple(RECIPES)


def get_augmentation(augmentation, task: str):
    """Returns the augmentation of a name for a task; an object is returned itself.

    Raises:
        ValueError: If it is unknown, or for another task.
    """
    return find(augmentation, AUGMENTATION_CLASSES[task], AUGMENTATIONS_OF[task])


def get_recipe(name: str) -> Recipe:
    """Returns the recipe of a name.

    Raises:
        ValueError: If there is none.
    """
    if name in RECIPES:
        return RECIPES[name]
    raise ValueError(
        f"`recipe` must be a recipe's name. {suggest(name, RECIPES)} Received: {name!r}"
    )
