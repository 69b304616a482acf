"""The file of a training run's configuration: run.json."""

import json
from dataclasses import asdict
from pathlib import Path

from keras_hourglass import skeletons
from keras_hourglass.data.datasets.spec import DatasetSpec
from keras_hourglass.data.readers.rows import PARSE_ERRORS, describe_parse_error
from keras_hourglass.models.config import CONFIG_FILE
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.recipes import AUGMENTATION_CLASSES, Recipe
from keras_hourglass.utils.files import atomic_write


def write_config(
    folder: Path,
    config: TrainConfig,
    name: str = CONFIG_FILE,
    **others,
):
    """Writes the configuration into a run's folder.

    Args:
        folder: Of the run.
        config: Its configuration.
        name: Name of the file.
        others: Other entries. Of a run: `people`, see `config.describe_people`, and
            `validation`, the dataset whose score chooses the best epoch.
    """
    content = {"config": asdict(config), **others}
    with atomic_write(folder / name, durable=True) as path:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def config_markdown(config: TrainConfig) -> str:
    """Formats a configuration for TensorBoard."""
    return f"```json\n{json.dumps(asdict(config), indent=2)}\n```"


def read_people(folder: Path) -> dict | None:
    """Reads which people a run was begun with.

    Returns:
        See `describe_people`; None if the file does not say, as before version 0.4.
    """
    people = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    people = people.get("people")
    return people if isinstance(people, dict) and "count" in people else None


def read_config(folder: Path, name: str = CONFIG_FILE) -> TrainConfig:
    """Reads the configuration from a run's folder.

    Args:
        folder: Of the run.
        name: Name of the file.

    Raises:
        ValueError: If the file is not a run's, or is one of version 0.1.
    """
    path = folder / name
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if "plan" in content:
            raise OldRunError(folder)
        config = content["config"]
        recipe = config["recipe"]
        kind = AUGMENTATION_CLASSES[recipe.get("task", "pose")]
        strengths = {k: _to_tuple(v) for k, v in recipe["augmentation"].items()}
        recipe["augmentation"] = kind(**strengths)
        if isinstance(recipe["network"].get("skeleton"), dict):  # maybe of version 0.2
            skeleton = skeletons.get(recipe["network"]["skeleton"])
            recipe["network"]["skeleton"] = skeletons.to_json(skeleton)
        recipe["decay_epochs"] = tuple(recipe["decay_epochs"])
        config["recipe"] = Recipe(**recipe)
        config["datasets"] = tuple(DatasetSpec(*spec) for spec in config["datasets"])
        config["freeze"] = tuple(config["freeze"])
        return TrainConfig(**config)
    except OldRunError:
        raise
    except PARSE_ERRORS as error:
        raise ValueError(
            f"{path} is not a training run's: {describe_parse_error(error)}. "
            "`restart=True` with a `dataset` begins anew"
        ) from None


def _to_tuple(value):
    """Returns a list of JSON as the tuple that it was."""
    return tuple(value) if isinstance(value, list) else value


class OldRunError(ValueError):
    """Raised for a run of version 0.1; its networks load all the same."""

    def __init__(self, folder: Path):
        super().__init__(
            f"{folder} holds a run of version 0.1, which this version cannot go on "
            f"with: choose another folder (`init_weights={str(folder)!r}` takes its "
            "network), or begin anew with `restart=True` and a `dataset`"
        )
        self.folder = folder

    def __reduce__(self):
        return OldRunError, (self.folder,)
