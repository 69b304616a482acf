"""Every choice of a training run, as `run.json` keeps it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from keras_hourglass.data.augment import Augmentation
from keras_hourglass.data.mixture import Source
from keras_hourglass.replacing import replacing
from keras_hourglass.training.recipes import Recipe

NAME = "run.json"


@dataclass(frozen=True)
class Plan:
    """What to train, how, and on whom.

    Attributes:
        recipe: How; its `network` holds what the recipe and the user say of the
            network.
        sources: On whom.
        seed: Of the first weights, the order of people and their augmentation.
        missing, broken: Of pictures: "error" or "skip".
    """

    recipe: Recipe
    sources: tuple[Source, ...] = (Source("synthetic"),)
    seed: int = 0
    missing: str = "error"
    broken: str = "error"


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        epochs: Finished.
        best: Highest `val_pckh`, percent; -1 before the first.
    """

    epochs: int = 0
    best: float = -1.0


def write(folder: Path, plan: Plan, progress: Progress):
    """Keeps both in a run's folder."""
    with replacing(folder / NAME) as path:
        kept = {"plan": asdict(plan), "progress": asdict(progress)}
        path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def markdown(plan: Plan) -> str:
    """A plan to look at, in TensorBoard."""
    return f"```json\n{json.dumps(asdict(plan), indent=2)}\n```"


def read(folder: Path) -> tuple[Plan, Progress]:
    """Reads them back.

    Raises:
        ValueError: If the file does not say what it should.
    """
    path = folder / NAME
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        plan, recipe = kept["plan"], kept["plan"]["recipe"]
        recipe["augmentation"] = Augmentation(**recipe["augmentation"])
        recipe["drops"] = tuple(recipe["drops"])
        plan["recipe"] = Recipe(**recipe)
        plan["sources"] = tuple(Source(*source) for source in plan["sources"])
        return Plan(**plan), Progress(**kept["progress"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a training run's: {error}") from None


def differences(old: Plan, new: Plan) -> list[str]:
    """What differs, as `NAME: old, now new`."""
    flat = [{**asdict(plan), **asdict(plan.recipe)} for plan in (old, new)]
    return [
        f"{name}: {flat[0][name]}, now {value}"
        for name, value in flat[1].items()
        if name != "recipe" and json.dumps(flat[0][name]) != json.dumps(value)
    ]
