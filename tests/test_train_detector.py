"""A detector is trained by the same call, options and folder as a pose network."""

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.training import build
from keras_hourglass.training.config import create_config
from keras_hourglass.training.fine_tuning import transfer_weights
from keras_hourglass.training.recipes import RECIPES
from keras_hourglass.training.runs.config_file import read_config

SMALL = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
SMALL["block"] = "tests>PointwiseBlock"
OPTIONS = {**SMALL, "task": "detect", "epochs": 1, "batch_size": 4, "verbose": 0}


@pytest.fixture(autouse=True)
def few_validate(monkeypatch, eager):
    module = "keras_hourglass.data.datasets.synthetic.photographs"
    monkeypatch.setattr(f"{module}.VALIDATION_COUNT", 4)


def test_a_run_gives_its_best_detector_its_history_and_drawn_boxes(tmp_path):
    run = kh.train("synthetic:8", output=tmp_path / "run", **OPTIONS)
    assert isinstance(run.model, kh.PersonDetector) and run.model.filters == 4
    assert (run.task, run.score_name) == ("detect", "val_box_ap")
    assert run.best_score == pytest.approx(max(run.history["val_box_ap"]))
    assert {"box_ap", "loss", "val_loss", "val_box_ap_recall"} <= run.history.keys()
    assert kh.read_image(run.folder / "predictions.png").shape == (2 * 274, 1024, 3)
    config = read_config(run.folder)
    assert config.recipe.optimizer == "adamw" and config.recipe.clip_norm == 10
    again = kh.train(output=run.folder, epochs=2, verbose=0)
    assert len(again.history["val_box_ap"]) == 2
    with pytest.raises(ValueError, match="`task` must be that of the run, 'detect'"):
        kh.train(output=run.folder, task="pose")


def test_photographs_are_taken_as_they_are(tmp_path, no_snapshots):
    photographs = kh.load_photographs("synthetic:8")
    run = kh.train(photographs, output=tmp_path, **OPTIONS)
    assert run.best.is_file()
    with pytest.raises(ValueError, match="must be the `Photographs` that the run"):
        kh.train(output=tmp_path, epochs=2)


def test_photographs_of_no_pose_task_and_people_of_no_detector():
    for data, task in [
        (kh.load_photographs("synthetic:8"), "pose"),
        (kh.load_dataset("synthetic", "8"), "detect"),
    ]:
        with pytest.raises(ValueError, match=f"`dataset` must be .* task '{task}'"):
            create_config(data, task=task)


def test_the_recipe_and_its_options_are_those_of_the_task():
    assert create_config("coco:here", task="detect").recipe == RECIPES["detect"]
    assert create_config(task="detect").recipe == RECIPES["detect_demo"]
    assert create_config("coco:here", "detect").task == "detect"
    for arguments, says in [
        ({"task": "detect", "recipe": "paper"}, "`recipe` must be one for the task"),
        ({"task": "detekt"}, "Did you mean 'detect'"),
        ({"task": "detect", "skeleton": "coco"}, "no option 'skeleton' for the task"),
        ({"task": "detect", "teacher": "photo"}, "`teacher` must be None"),
    ]:
        with pytest.raises(ValueError, match=says):
            create_config(**arguments)


def test_weight_decay_and_clipping_are_those_of_the_recipe():
    optimizer = build.build_optimizer(RECIPES["detect"], 10)
    optimizer = getattr(optimizer, "optimizer", optimizer)
    assert (optimizer.weight_decay, optimizer.global_clipnorm) == (1e-3, 10)
    loss = build.build_loss(RECIPES["detect"])
    assert isinstance(loss, kh.CenterLoss) and loss.box_weight == 5


def test_a_detector_begins_with_the_trunk_of_a_pose_network(tmp_path):
    sizes = {**SMALL, "filters": 8}
    pose = kh.StackedHourglass(stacks=2, **sizes)
    pose.save(tmp_path / "pose.keras")
    options = {"task": "detect", "init_weights": tmp_path / "pose.keras"}
    config = create_config("coco:here", image_size=64, **options)
    network = config.recipe.network
    assert network["filters"] == 8 and "stacks" not in network
    assert network["image_size"] == 64 and "skeleton" not in network
    model = build.build_model(config)
    assert (model.stacks, model.image_size) == (1, (64, 64))
    fresh = kh.PersonDetector(**sizes)
    report = transfer_weights(pose, fresh)
    assert report.new == ("stack_1_heatmaps",) and report.joints == ()
    for a, b in zip(
        pose.get_layer("stem_convolution").get_weights(),
        model.get_layer("stem_convolution").get_weights(),
    ):
        np.testing.assert_array_equal(a, b)
    bias = keras.ops.convert_to_numpy(model.get_layer("stack_1_heatmaps").bias)
    assert bias[0] == pytest.approx(-4.6)  # sure of nobody
    # And the other way round.
    assert transfer_weights(fresh, kh.StackedHourglass(1, **sizes)).kept_joints == ()


def test_a_detector_goes_on_at_another_size_with_all_of_its_weights(tmp_path):
    model = kh.PersonDetector(**SMALL)
    model.get_layer("stack_1_heatmaps").bias.assign([1, 2, 3, 4, 5])
    model.save(tmp_path / "small.keras")
    options = {"task": "detect", "init_weights": tmp_path / "small.keras"}
    larger = build.build_model(create_config("coco:here", image_size=64, **options))
    assert larger.image_size == (64, 64) and larger.filters == 4
    for a, b in zip(model.get_weights(), larger.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
