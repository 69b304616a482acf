"""The file of a run's configuration, `run.json`."""

import json
from pathlib import Path

import pytest

from keras_hourglass.data.people.mixture import DatasetSpec
from keras_hourglass.training import recipes
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.recipes import RECIPES
from keras_hourglass.training.runs import config_file

RUN_OF_0_1 = Path(__file__).parent / "golden/v0_1/run"


@pytest.mark.parametrize("name", RECIPES)
def test_a_configuration_comes_back_from_its_file(name, tmp_path):
    recipe, sources = (
        recipes.get_recipe(name),
        (DatasetSpec("crops", "here", 0.5), DatasetSpec("mpii")),
    )
    teacher = "best.keras" if recipe.distill_weight else None
    configuration = TrainConfig(recipe, sources, freeze=("stem",), teacher=teacher)
    config_file.write_config(tmp_path, configuration)
    assert config_file.read_config(tmp_path) == configuration


def test_a_plan_from_before_a_strength_was_there_has_none_of_it(tmp_path):
    config_file.write_config(tmp_path, TrainConfig(recipes.get_recipe("modern")))
    path = tmp_path / "run.json"
    kept = json.loads(path.read_text())
    strengths = kept["config"]["recipe"]["augmentation"]
    for name in ("half_body", "patches", "limbs", "blur", "jpeg", "contrast"):
        del strengths[name]
    path.write_text(json.dumps(kept))
    augmentation = config_file.read_config(tmp_path).recipe.augmentation
    assert augmentation.half_body == augmentation.limbs == augmentation.blur == 0
    assert augmentation.rotation == 40


def test_a_run_of_version_0_1_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="holds a run of version 0.1") as refused:
        config_file.read_config(RUN_OF_0_1)
    assert "\n" not in str(refused.value)
