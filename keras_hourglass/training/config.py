"""Every choice of a training run, as `run.json` keeps it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.mixture import DatasetSpec
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.utils import atomic_write, suggest

CONFIG_FILE = "run.json"
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True)
class TrainConfig:
    """What to train, how, and on whom.

    Attributes:
        recipe: How; its `network` holds what the recipe and the user say of the
            network.
        sources: On whom.
        seed: Of the first weights, the order of people and their augmentation.
        missing, broken: Of pictures: "error" or "skip".
        precision: Of the network's computations, one of `PRECISIONS`. Weights, loss
            and decoding stay in float32.
        start: A `.keras` file or a preset, whose weights to begin with; those of the
            first seed where they do not fit.
        freeze: Layers that are not trained; see `frozen.freeze`.
        teacher: A `.keras` file or a preset, which guides the network; the recipe's
            `distill_weight` says how much.

    Raises:
        ValueError: If the precision is unknown, or there is either a teacher or a
            weight for one, without the other.
    """

    recipe: Recipe
    sources: tuple[DatasetSpec, ...] = (DatasetSpec("synthetic"),)
    seed: int = 0
    missing: str = "error"
    broken: str = "error"
    precision: str = "float32"
    start: str | None = None
    freeze: tuple[str, ...] = ()
    teacher: str | None = None

    def __post_init__(self):
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"`precision` must be a policy. {suggest(self.precision, PRECISIONS)} "
                f"Received: precision={self.precision!r}"
            )
        weight = self.recipe.distill_weight
        if (self.teacher is None) != (weight == 0):
            raise ValueError(
                "`teacher` must be given where the recipe's `distill_weight` is above "
                f"0, and there alone. Received: teacher={self.teacher!r}, "
                f"distill_weight={weight}"
            )


def write_config(folder: Path, plan: TrainConfig):
    """Keeps it in a run's folder."""
    with atomic_write(folder / CONFIG_FILE, durable=True) as path:
        kept = {"plan": asdict(plan)}
        path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def config_markdown(plan: TrainConfig) -> str:
    """A plan to look at, in TensorBoard."""
    return f"```json\n{json.dumps(asdict(plan), indent=2)}\n```"


def read_config(folder: Path) -> TrainConfig:
    """Reads it back.

    Raises:
        ValueError: If the file does not say what it should.
    """
    path = folder / CONFIG_FILE
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))["plan"]
        recipe = plan["recipe"]
        recipe["augmentation"] = Augmentation(**recipe["augmentation"])
        recipe["drops"] = tuple(recipe["drops"])
        plan["recipe"] = Recipe(**recipe)
        plan["sources"] = tuple(DatasetSpec(*source) for source in plan["sources"])
        plan["freeze"] = tuple(plan["freeze"])
        return TrainConfig(**plan)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a training run's: {error}") from None


def config_differences(old: TrainConfig, new: TrainConfig) -> list[str]:
    """What differs, as `NAME: old, now new`."""
    flat = [{**asdict(plan), **asdict(plan.recipe)} for plan in (old, new)]
    return [
        f"{name}: {flat[0][name]}, now {value}"
        for name, value in flat[1].items()
        if name != "recipe" and json.dumps(flat[0][name]) != json.dumps(value)
    ]
