"""Configurations of training runs, from options."""

from dataclasses import replace

import keras
import pytest

from keras_hourglass import StackedHourglass, load_dataset
from keras_hourglass.data.augmentation import AUGMENTATIONS
from keras_hourglass.data.detection.augmentation import DETECTION_AUGMENTATIONS
from keras_hourglass.data.people.mixture import DatasetSpec
from keras_hourglass.models.blocks import GhostBlock
from keras_hourglass.training import config
from keras_hourglass.training.config import TrainConfig, create_config
from keras_hourglass.training.recipes import RECIPES, Recipe


@keras.saving.register_keras_serializable("test_config")
class RegisteredBlock(GhostBlock):
    """A block of a user."""


def test_a_block_may_be_its_class():
    assert create_config(block=GhostBlock).recipe.network["block"] == "ghost"
    made = create_config(block=RegisteredBlock).recipe.network["block"]
    assert made == "test_config>RegisteredBlock"
    with pytest.raises(ValueError, match="`block` must be registered"):
        create_config(block=type("Block", (GhostBlock,), {}))


def test_an_option_outweighs_the_recipe_and_that_the_network_of_the_weights(tmp_path):
    size = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    StackedHourglass(stacks=1, block="ghost", **size).save(tmp_path / "a.keras")
    made = create_config(
        *("crops:here", "demo"), init_weights=tmp_path / "a.keras", depth=2, epochs=9
    )
    network = made.recipe.network
    assert (network["block"], network["filters"], network["depth"]) == ("ghost", 4, 2)
    assert made.recipe.epochs == 9 and made.recipe.learning_rate == 4e-3
    assert made.init_weights == str(tmp_path / "a.keras")
    assert create_config("crops:here").recipe == RECIPES["modern"]
    assert create_config().recipe == RECIPES["demo"]
    assert create_config(teacher="photo").recipe == RECIPES["distill"]


def test_an_unknown_option_says_what_was_meant():
    with pytest.raises(ValueError, match="no option 'offset'"):
        create_config(offset=(0.5, 0))
    with pytest.raises(ValueError, match="no option 'stakcs'. Did you mean 'stacks'"):
        create_config(stakcs=3)
    with pytest.raises(ValueError, match="`broken` must be 'error' or 'skip'"):
        create_config(broken="ignore")


def test_datasets_are_texts_people_or_a_list_of_them():
    people = load_dataset("synthetic:3")
    mixed = config.parse_datasets(["mpii:there*0.5", people])
    assert mixed[0] == DatasetSpec("mpii", "there", 0.5)
    assert config.given_people(["mpii:there", people]) == {mixed[1][:2]: people}
    assert config.parse_datasets("mpii", "there") == (DatasetSpec("mpii", "there"),)
    with pytest.raises(ValueError, match="`root` must be given with exactly one"):
        config.parse_datasets(["mpii", "coco"], "there")
    with pytest.raises(ValueError, match="must be the `People` that the run was"):
        config.require_given(mixed, {})


def test_the_fingerprint_of_people_is_that_of_their_labels():
    people, others = load_dataset("synthetic:3"), load_dataset("synthetic:3")
    assert config.fingerprint(people) == config.fingerprint(others)
    assert config.fingerprint(people) != config.fingerprint(others[:2])
    moved = replace(others, joints=others.joints + 1)
    assert config.fingerprint(people) != config.fingerprint(moved)


def test_choices_that_cannot_be_are_refused():
    recipe = Recipe(epochs=10, batch_size=4, learning_rate=0.01)
    with pytest.raises(ValueError, match="Did you mean 'mixed_float16'"):
        TrainConfig(recipe, precision="mixed_float")
    with pytest.raises(ValueError, match="`teacher` must be given where"):
        TrainConfig(recipe, teacher="best.keras")
    with pytest.raises(ValueError, match="must lie in 0 to 1"):
        replace(recipe, distill_weight=2)


def test_an_augmentation_takes_the_place_of_the_recipes():
    weak = AUGMENTATIONS["photo_weak"]
    for given in ("photo_weak", weak):
        assert create_config(recipe="photo", augmentation=given).recipe == replace(
            RECIPES["photo"], augmentation=weak
        )
    detect = create_config(task="detect", augmentation="detect_light").recipe
    assert detect.augmentation == DETECTION_AUGMENTATIONS["detect_light"]
    with pytest.raises(ValueError, match="Choose from .*detect_light"):
        create_config(task="detect", augmentation="light")
