"""Changes of a run that goes on: which options may differ, and how it is said."""

from dataclasses import fields, replace

import pytest

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.people.mixture import DatasetSpec
from keras_hourglass.training.config import RUN_OPTIONS, TrainConfig, create_config
from keras_hourglass.training.recipes import RECIPES, Recipe
from keras_hourglass.training.runs import changes
from keras_hourglass.training.runs.changes import change_config, config_differences

STORED = create_config(
    "crops:there*0.5", "modern", stacks=1, epochs=20, val_share=0.2, seed=7
)
OTHER_VALUES = {
    "recipe": {
        **{"epochs": 9, "batch_size": 4, "learning_rate": 0.5, "optimizer": "adamw"},
        **{"warm_up": 0.5, "decay_epochs": (3,), "ema_span": 0.5, "sigma": 1.5},
        **{"foreground": 2.0, "distill_weight": 0.25, "box_weight": 1.0},
        **{"weight_decay": 0.1, "clip_norm": 1.0, "outside": "empty"},
        **{"augmentation": Augmentation(rotation=7), "network": {"stacks": 3}},
    },
    "config": {
        **{"seed": 1, "missing": "skip", "broken": "skip", "freeze": ("stem",)},
        **{"precision": "mixed_float16", "init_weights": "a.keras"},
        "teacher": "b.keras",
    },
}


def test_without_options_a_configuration_stays_as_it_is():
    assert change_config(STORED) == STORED
    assert config_differences(STORED, STORED) == []
    for name, recipe in RECIPES.items():
        teacher = "photo" if recipe.distill_weight else None
        stored = TrainConfig(recipe, teacher=teacher)
        assert change_config(stored) == change_config(stored, recipe=name) == stored


def test_each_option_differs_by_its_own_name_or_may_change():
    names = {field.name for field in fields(Recipe)}
    assert OTHER_VALUES["recipe"].keys() == names - {"task"}
    detector = replace(STORED, recipe=RECIPES["detect"])
    assert "task: pose, now detect" in config_differences(STORED, detector)
    assert {*OTHER_VALUES["config"]} == {*RUN_OPTIONS}
    for name, value in OTHER_VALUES["recipe"].items():
        other = replace(STORED.recipe, **{name: value})
        teacher = "photo" if name == "distill_weight" else None
        new = replace(STORED, recipe=other, teacher=teacher)
        found = config_differences(replace(STORED), new)
        assert bool(found) == (name != "epochs"), name
        assert all(len(each) < 100 for each in found)
    for name, value in OTHER_VALUES["config"].items():
        recipe = STORED.recipe
        if name == "teacher":
            recipe = replace(recipe, distill_weight=0.5)
        new = replace(STORED, recipe=recipe, **{name: value})
        found = config_differences(STORED, new)
        may_change = name in ("missing", "broken")
        assert [each.split(":")[0] for each in found][:1] == [name][: not may_change]


@pytest.mark.parametrize(
    "typed, listed",
    [
        ({"learning_rate": 0.002}, ["learning_rate: 0.001, now 0.002"]),
        ({"stacks": 2, "seed": 1}, ["seed: 7, now 1", "stacks: 1, now 2"]),
        (
            {"dataset": "coco:there"},
            ["dataset: crops, now coco", "share: 0.5, now 1.0"],
        ),
        ({"dataset": "crops:elsewhere"}, []),
        ({"dataset": "crops:there*0.25"}, ["share: 0.5, now 0.25"]),
        ({"val_share": 0.1}, ["val_share: 0.2, now 0.1"]),
        ({"root": "elsewhere"}, []),
        ({"filters": 256, "image_size": (256, 256), "depth": 4}, []),
        ({"filters": (64, 256)}, ["filters: 256, now 64, 256"]),
        ({"skeleton": "coco"}, ["skeleton: mpii, now coco"]),
        ({"skeleton": {"joints": ["a", "b"]}}, ["skeleton: mpii, now 2 joints"]),
        (
            {"teacher": "photo"},
            ["teacher: none, now photo", "distill_weight: 0.0, now"],
        ),
        ({"missing": "skip", "broken": "skip", "epochs": 30}, []),
        ({"recipe": "modern"}, []),
        ({"augmentation": "light"}, ["augmentation rotation: 40.0, now 15.0"]),
        ({"recipe": replace(RECIPES["modern"], epochs=30)}, []),
        (
            {
                "recipe": replace(
                    RECIPES["modern"], augmentation=Augmentation(flip=0.25)
                )
            },
            ["augmentation rotation: 40"],
        ),
    ],
)
def test_options_are_compared_with_those_of_the_run(typed, listed):
    found = config_differences(STORED, change_config(STORED, **typed))
    for text in listed:
        assert any(each.startswith(text) for each in found), found
    assert listed or found == []


def test_datasets_of_one_name_are_told_apart():
    stored = create_config(["crops:a*2.5", "crops:b"], "modern", stacks=1)
    changed = change_config(stored, dataset=["crops:a*0.5", "crops:b"])
    assert config_differences(stored, changed) == ["dataset 1 share: 2.5, now 0.5"]


def test_a_long_list_is_cut():
    other = change_config(STORED, recipe="paper", seed=1, stacks=8)
    with pytest.raises(ValueError, match="and [0-9]+ more. `restart=True`") as refused:
        changes.require_compatible(STORED, other, "run", 0)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500


def test_two_skeletons_of_as_many_joints_are_told_apart():
    one, other = (
        change_config(STORED, skeleton={"joints": [*names]}) for names in ("ab", "ac")
    )
    assert config_differences(one, other) == [
        "skeleton: 2 joints, now another of 2 joints"
    ]


def test_a_model_that_moved_may_be_in_another_place(tmp_path):
    for name in ("old", "new"):
        (tmp_path / f"{name}.keras").write_text("a network")
    old = replace(STORED, init_weights=str(tmp_path / "old.keras"))
    new = change_config(old, init_weights=tmp_path / "new.keras")
    assert len(config_differences(old, new)) == 1
    (tmp_path / "old.keras").unlink()
    assert config_differences(old, new) == []
    (said,) = changes.describe_changes(old, new, "RUN", 1)
    assert "old.keras' and is now" in said and said.endswith("new.keras'.")
    preset = replace(STORED, init_weights="photo")
    assert len(config_differences(preset, new)) == 1


def test_paths_are_made_absolute_where_they_are_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("16", "data", "a.keras", "photo"):
        (tmp_path / name).mkdir()
    specs = (
        DatasetSpec("crops", "data", images="data"),
        DatasetSpec("synthetic", "16"),
    )
    given = replace(STORED, datasets=specs, init_weights="a.keras")
    made = changes.with_absolute_paths(given)
    assert made.datasets[0][:2] == ("crops", str(tmp_path / "data"))
    assert made.datasets[0].images == str(tmp_path / "data")
    assert made.datasets[1] == specs[1]
    assert made.init_weights == str(tmp_path / "a.keras")
    assert changes.with_absolute_paths(STORED) == STORED  # which is nowhere
    preset = replace(STORED, init_weights="photo")
    assert changes.with_absolute_paths(preset) == preset
    assert changes.moved_datasets(given, made) == []


def test_a_change_of_length_says_what_the_learning_rate_does():
    def said(stored, finished, **options):
        new = change_config(stored, **options)
        return changes.describe_changes(stored, new, "RUN", finished)

    assert said(STORED, 20, epochs=40) == [
        "RUN was trained for 20 epochs; it goes on to 40: the learning rate follows "
        "the schedule of 40 epochs from epoch 20 on."
    ]
    assert said(change_config(STORED, epochs=1), 1, epochs=2)[0].startswith(
        "RUN was trained for 1 epoch; it goes on to 2: "
    )
    assert said(STORED, 5, epochs=10, missing="skip") == [
        "`missing` was 'error' and is now 'skip'.",
        "RUN was begun for 20 epochs and has finished 5; it goes on to 10: the "
        "learning rate follows the schedule of 10 epochs from epoch 5 on.",
    ]
    (paper,) = said(create_config("mpii", "paper"), 220, epochs=300)
    assert paper.endswith(
        "the recipe lowers the learning rate at epochs 150, 175, 200, however many "
        "there are in all."
    )
    assert said(STORED, 20) == []


def test_fewer_epochs_than_were_begun_are_refused():
    new = change_config(STORED, epochs=5)
    changes.require_compatible(STORED, new, "run", 5)
    with pytest.raises(ValueError, match="at least 6, the number .* epochs=5"):
        changes.require_compatible(STORED, new, "run", 6)
