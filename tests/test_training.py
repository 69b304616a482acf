"""The run as a whole, in a folder of its own, at a size that takes seconds."""

import csv
import json
import signal
from dataclasses import asdict, replace

import cv2
import keras
import numpy as np
import pytest

from keras_hourglass.callbacks.diagnostics import NonFiniteError
from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.mixture import DatasetSpec
from keras_hourglass.skeletons import MPII
from keras_hourglass.training import config, recipes
from keras_hourglass.training.checkpoint import CheckpointCallback
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.recipes import RECIPES, Recipe
from keras_hourglass.training.trainer import Trainer
from keras_hourglass.utils import Interrupted

NETWORK = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
RECIPE = Recipe(
    epochs=2, batch_size=4, learning_rate=0.01, average=0.5, network=NETWORK
)
KEPT = ("best.keras", "last.keras", "run.json")
PLAN = TrainConfig(RECIPE, (DatasetSpec("synthetic", "8"),), seed=3)


@pytest.fixture(autouse=True)
def few_validate(monkeypatch, eager):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 4)


def train(plan, folder, lines=None):
    run = Trainer(plan, folder, (lines if lines is not None else []).append)
    run.train()
    return run


def test_a_run_leaves_a_network_a_history_events_a_plan_and_a_picture(tmp_path):
    lines = []
    run = train(PLAN, tmp_path / "run", lines)
    left = {path.name for path in run.folder.iterdir()}
    assert left == {
        *("best.keras", "last.keras", "history.csv", "logs", "run.json"),
        "predictions.png",
    }
    best = keras.models.load_model(run.folder / "best.keras")
    assert best.get_config()["filters"] == 4
    with open(run.folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"] and "val_pckh" in rows[0]
    assert max(float(row["val_pckh"]) for row in rows) == pytest.approx(run.best.best)
    assert cv2.imread(str(run.folder / "predictions.png")).shape == (512, 1024, 3)
    assert {"predictions", "heatmaps"} == run.pictures().keys()
    assert json.loads((run.folder / "run.json").read_text())["plan"]["seed"] == 3
    assert any(line.startswith("Best val_pckh") for line in lines)


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    train(PLAN, tmp_path)
    before = (tmp_path / "last.keras").read_bytes()
    lines = []
    train(PLAN, tmp_path, lines)
    assert "nothing is left" in lines[-1]
    assert (tmp_path / "last.keras").read_bytes() == before


def test_ctrl_c_keeps_everything_and_says_how_to_go_on(tmp_path):
    run = Trainer(PLAN, tmp_path / "run", lambda line: None)
    run.pictures = lambda: signal.raise_signal(signal.SIGINT) or {}
    with pytest.raises(Interrupted, match=f"--output {tmp_path / 'run'}"):
        run.train()
    again = Trainer(PLAN, tmp_path / "run", lambda line: None)
    again.train()
    assert again.progress.epochs == 2


def test_a_loss_that_is_no_number_leaves_what_was_kept_and_names_the_people(
    tmp_path, monkeypatch
):
    run = Trainer(PLAN, tmp_path, lambda line: None)
    kept, ended = {}, CheckpointCallback.on_epoch_end

    def ruin_after_first(self, epoch, logs=None):
        ended(self, epoch, logs)
        kept.update({name: (tmp_path / name).read_bytes() for name in KEPT})
        run.model.get_layer("stem_convolution").bias.assign([np.nan] * 2)

    monkeypatch.setattr(CheckpointCallback, "on_epoch_end", ruin_after_first)
    with pytest.raises(NonFiniteError, match="batch 1 of epoch 2.*train [0-7], train"):
        run.train()
    assert kept == {name: (tmp_path / name).read_bytes() for name in KEPT}


def test_a_folder_of_another_plan_is_refused_and_the_difference_named(tmp_path):
    config.write_config(tmp_path, PLAN)
    other = replace(PLAN, recipe=replace(RECIPE, batch_size=2), seed=4)
    with pytest.raises(ValueError, match="seed: 3, now 4; batch_size: 4, now 2"):
        Trainer(other, tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="must be a new folder"):
        Trainer(PLAN, tmp_path)
    (tmp_path / config.CONFIG_FILE).write_text("{}")
    with pytest.raises(ValueError, match="is not a training run's"):
        Trainer(PLAN, tmp_path)


@pytest.mark.parametrize("name", RECIPES)
def test_a_plan_comes_back_from_its_file(name, tmp_path):
    recipe, sources = (
        recipes.get_recipe(name),
        (DatasetSpec("crops", "here", 0.5), DatasetSpec("mpii")),
    )
    teacher = "best.keras" if recipe.distill_weight else None
    plan = TrainConfig(recipe, sources, freeze=("stem",), teacher=teacher)
    config.write_config(tmp_path, plan)
    assert config.read_config(tmp_path) == plan
    assert config.config_differences(plan, plan) == []


def crops(folder, broken):
    """A prepared folder of four people, one of whose pictures may be broken."""
    (folder / "images").mkdir(parents=True)
    people = []
    for number in range(4):
        path = folder / f"images/{number}.jpg"
        cv2.imwrite(str(path), np.full((48, 48, 3), 60 * number, "uint8"))
        if number == 2 and broken:
            path.write_bytes(b"no picture")
        joints = [[10 + 2 * i, 20] for i in range(16)]
        split = "val" if number == 3 else "train"
        people.append({"image": path.name, "joints": joints, "split": split})
    names = [name.replace("right_", "r_") for name in MPII.joints]
    listed = {"joint_names": names, "people": people}
    (folder / "annotations.json").write_text(json.dumps(listed))
    return DatasetSpec("crops", str(folder))


def test_a_broken_picture_stops_training_by_its_name_unless_it_is_to_be_skipped(
    tmp_path,
):
    recipe = replace(RECIPE, batch_size=3, epochs=1)
    plan = TrainConfig(recipe, (crops(tmp_path / "data", broken=True),))
    with pytest.raises(ImageDecodeError, match="2.jpg.*--broken-images skip"):
        train(plan, tmp_path / "stops")
    lines = []
    run = train(replace(plan, broken="skip"), tmp_path / "goes", lines)
    assert run.progress.epochs == 1
    assert any(
        "1 pictures could not be read" in line and "2.jpg" in line for line in lines
    )


def test_the_learning_rate_warms_up_and_falls_to_nothing():
    recipe = replace(RECIPE, epochs=10, learning_rate=1.0, warm_up=0.1)
    rates = [float(recipe.schedule(steps=10)(step)) for step in (0, 5, 10, 55, 100)]
    np.testing.assert_allclose(rates, [0, 0.5, 1, 0.5, 0], atol=1e-6)


def test_the_paper_is_followed_to_the_letter():
    paper = recipes.get_recipe("paper")
    assert (paper.epochs, paper.batch_size, paper.average) == (220, 6, None)
    assert paper.loss().get_config()["sigma"] == 1 and paper.foreground == 0
    rates = [float(paper.schedule(10)(10 * e + 5)) for e in (0, 149, 150, 175, 200)]
    np.testing.assert_allclose(rates, [5e-4, 5e-4, 5e-5, 5e-6, 5e-7], rtol=1e-5)
    optimizer = paper.make_optimizer(10).optimizer
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


def test_a_plan_from_before_a_strength_was_there_has_none_of_it(tmp_path):
    config.write_config(tmp_path, TrainConfig(recipes.get_recipe("modern")))
    path = tmp_path / "run.json"
    kept = json.loads(path.read_text())
    strengths = kept["plan"]["recipe"]["augmentation"]
    for name in ("half_body", "patches", "limbs", "blur", "jpeg", "contrast"):
        del strengths[name]
    path.write_text(json.dumps(kept))
    augmentation = config.read_config(tmp_path).recipe.augmentation
    assert augmentation.half_body == augmentation.limbs == augmentation.blur == 0
    assert augmentation.rotation == 40


def test_unknown_recipe_says_what_was_meant():
    with pytest.raises(ValueError, match="Did you mean 'modern'"):
        recipes.get_recipe("moderm")
