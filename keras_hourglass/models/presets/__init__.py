"""Presets: networks by name, with their arguments and published figures.

Imports no Keras, so that the command lists them at once.
"""

from dataclasses import dataclass, field

from keras_hourglass.models.presets.facts import Score, TrainingFacts
from keras_hourglass.models.weights import Weights
from keras_hourglass.utils import suggest


@dataclass(frozen=True)
class Preset:
    """A named network.

    Attributes:
        description: One line about it.
        network: Arguments of the network that differ from its defaults.
        row: Its row in Table 1 of "Lighter Stacked Hourglass Human Pose Estimation"
            (https://arxiv.org/abs/2107.13643), if it is one.
        printed: Parameters that the row prints, in millions.
        matches: Whether the network that the paper describes has as many, to the
            decimal. Three rows cannot: `models/blocks/multidilated.py`.
        weights: The packaged weights, if there are any.
        facts: Those of their training (docs/model-card.md).
        litert: The same network as a LiteRT file, weights in 16 bits.
        calibration: Of the scores with these weights; see `heatmaps.calibration`. Not
            among the arguments: recipes take those, for other weights.
    """

    description: str
    network: dict = field(default_factory=dict)
    row: str | None = None
    printed: float | None = None
    matches: bool = True
    weights: Weights | None = None
    facts: TrainingFacts | None = None
    litert: Weights | None = None
    calibration: tuple[float, float] | None = None


def _row(row, printed, stacks, block, matches=True, **network):
    """A row of Table 1: all of them have four blocks at each position."""
    description = f"{row}: a row of Table 1 of Lighter Stacked Hourglass."
    network = {"stacks": stacks, "block": block, "blocks": 4, **network}
    return Preset(description, network, row, printed, matches)


DEFAULT_PRESET = "photo"
LIMBS = "arms and legs"  # of the scores in docs/model-card.md
NOTE = (
    "The photographs are licensed for research. Details, figures by joint, and the "
    "failures: docs/model-card.md of keras-hourglass."
)
TRAINED_ON = (  # of `photo` and `photo_small`
    *("MPII Human Pose, 2,076 people", "COCO, 7,867 people"),
    "Leeds Sports Pose Extended, 7,063 people",
    "Stanford 40 Actions, 1,500 people, labels by networks",
    "Clothing Co-Parsing, 1,446 people, labels by MoveNet Thunder",
)
ONE, TWO = "Single, Multidilated", "2-Stack, Multidilated"

PRESETS = {
    "photo": Preset(
        "Two small stacks of separable blocks at 256 pixels, with weights, for "
        "photographs of all kinds (docs/model-card.md).",
        {
            **{"stacks": 2, "block": "separable", "filters": 144, "stem_filters": 16},
            "image_size": 256,
        },
        weights=Weights(
            "photo.npz",
            "4340f0d2c6f7fefbcd99827aa91b2f7adc44af609549f4fb70dc49a35392033b",
        ),
        litert=Weights(
            "photo.tflite",
            "6e1329ac481a353f508f64478050ca42a30733bd4167d1d9c531692c611f6a1b",
        ),
        calibration=(3.581, -1.8496),
        facts=TrainingFacts(
            datasets=TRAINED_ON,
            people=19_952,
            settings={"steps": "13,400, then 3,198", "batch_size": "128, then 16"}
            | {"optimizer": "AdamW, then Muon", "foreground": 9}
            | {"learning_rate": "4e-3, then 5e-4 and 7e-4", "precision": "bfloat16"},
            scores=(
                Score("149 people of MPII", LIMBS, 77.2),
                Score("233 people of COCO", LIMBS, 79.6),
            ),
            license="apache-2.0",
            note=NOTE,
        ),
    ),
    "photo_small": Preset(
        "One small stack of separable blocks at 256 pixels, with weights, for phones "
        "and 8 bits (docs/model-card.md).",
        {
            **{"stacks": 1, "block": "separable", "stem_filters": 16},
            **{"filters": (64, 128, 192, 256, 256), "image_size": 256},
        },
        weights=Weights(
            "photo_small.npz",
            "5611248ded5efb766c51ba074f7ee2f20973dddc38cf475f067fc0d04659712a",
        ),
        litert=Weights(
            "photo_small.tflite",
            "8f49220251039a79bf75e71cf147ef297f308ecf5c1bafbb4c7e56499d62bfda",
        ),
        calibration=(3.2771, -1.6565),
        facts=TrainingFacts(
            datasets=TRAINED_ON,
            people=19_952,
            settings={"epochs": "20 at 192 pixels, 9 and 1 at 256", "batch_size": 16}
            | {"optimizer": "Muon", "learning_rate": "3e-3, 2e-3, then 5e-4"}
            | {"foreground": 9, "precision": "bfloat16"},
            scores=(
                Score("149 people of MPII", LIMBS, 74.4),
                Score("233 people of COCO", LIMBS, 74.6),
            ),
            license="apache-2.0",
            note=NOTE,
        ),
    ),
    "hg1": Preset("One stack of residual blocks, one at each position.", {"stacks": 1}),
    "hg2": Preset(
        "Two stacks of residual blocks, one at each position.", {"stacks": 2}
    ),
    "hg8": Preset(
        "Eight stacks of residual blocks, one at each position: the network of "
        "Newell et al.",
        {"stacks": 8},
    ),
    "lighter/hg8": _row("8-Stack Hourglass", 97.7, 8, "residual"),
    "lighter/hg1": _row("Single Hourglass", 12.6, 1, "residual"),
    "lighter/hg2": _row("2-Stack Hourglass", 24.8, 2, "residual"),
    "lighter/hg1_separable": _row("Single, 1 Depthwise Separable", 5.0, 1, "separable"),
    "lighter/hg1_separable3": _row(
        "Single, 3 Depthwise Separable", 5.4, 1, "separable3", matches=False
    ),
    "lighter/hg1_ghost": _row("Single, Ghost Bottleneck", 2.2, 1, "ghost"),
    "lighter/hg1_ghost_reduced": _row(
        "Single, Ghost + Reduced Features", 2.1, 1, "ghost", stem_filters=32
    ),
    "lighter/hg1_multidilated": _row(ONE, 13.7, 1, "multidilated", matches=False),
    "lighter/hg1_multidilated_dense": _row(ONE, 13.7, 1, "multidilated_dense"),
    "lighter/hg2_separable": _row(
        "2-Stack, 1 Depthwise Separable", 9.9, 2, "separable"
    ),
    "lighter/hg2_multidilated": _row(TWO, 26.9, 2, "multidilated", matches=False),
    "lighter/hg2_multidilated_dense": _row(TWO, 26.9, 2, "multidilated_dense"),
}
DETECTOR_PRESETS = {
    "people": Preset(
        "A person detector: one small stack of separable blocks at 320 pixels, with "
        "weights, for photographs of all kinds (docs/model-card.md).",
        weights=Weights(
            "people.npz",
            "e1b12e8e7031752918973f62cc01dd8ab1fdbff09d2f8d04abb9c3d584eb897e",
        ),
        litert=Weights(
            "people.tflite",
            "c0ab2d6104c9dd5e2a0bec80626117e3645d9ba3477b97006635d787949f148f",
        ),
        facts=TrainingFacts(
            datasets=(
                "COCO, 2,443 photographs",
                "Stanford 40 Actions, 9,293 photographs, boxes in part by networks",
            ),
            people=11_736,
            settings={"steps": 8_569, "batch_size": 16, "optimizer": "AdamW"}
            | {"learning_rate": 2e-3, "precision": "bfloat16"},
            scores=(
                Score("112 photographs of COCO", "all", 78.9, "AP50"),
                Score("112 photographs of COCO", "a quarter and more", 91.7, "AP50"),
            ),
            license="apache-2.0",
            note=NOTE,
        ),
    ),
}
PRESETS_OF = {"pose": PRESETS, "detect": DETECTOR_PRESETS}  # by the task of a network


def describe_presets(task: str) -> dict[str, str]:
    """Describes the presets of a task: name -> description."""
    return {name: preset.description for name, preset in PRESETS_OF[task].items()}


def with_weights(task: str) -> tuple[str, ...]:
    """Lists the presets of a task that have weights."""
    return tuple(name for name, preset in PRESETS_OF[task].items() if preset.weights)


def get_preset(name: str, task: str = "pose") -> Preset:
    """Finds a preset by its name.

    Args:
        name: Of the preset.
        task: Of its network, a key of `PRESETS_OF`.

    Raises:
        ValueError: If there is none; with a guess at the name that was meant.
    """
    presets = PRESETS_OF[task]
    if isinstance(name, str) and name in presets:
        return presets[name]
    raise ValueError(
        "`name` must be the name of a preset, its folder, or 'hf://USER/NAME'. "
        f"{suggest(name, presets)} "
        f"Received: name={name!r}"
    )


def select_presets(names) -> list[str]:
    """Selects presets by name, or by family: the part of names before a slash.

    Args:
        names: A list of them, or one string; commas separate several.

    Returns:
        Names of presets, each once.

    Raises:
        ValueError: If a name is unknown, or there is none.
    """
    families = {name.split("/")[0] for name in PRESETS if "/" in name}
    given = [names] if isinstance(names, str) else [*names]
    selected = []
    for name in (part.strip() for text in given for part in text.split(",")):
        if name and name not in PRESETS and name not in families:
            raise ValueError(
                "`presets` must be names or families of presets. "
                f"{suggest(name, [*families, *PRESETS])} Received: {name!r}"
            )
        selected += [p for p in PRESETS if name in (p, p.split("/")[0])]
    if not selected:
        raise ValueError(
            f"`presets` must be one or more names. Received: presets={names!r}"
        )
    return [*dict.fromkeys(selected)]
