import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, PCKh, StackedHourglass, fuse, load_model
from keras_hourglass.models.config import BEST_FILE
from keras_hourglass.models.fusion import FusedHourglass
from keras_hourglass.models.loading import (
    OTHER_KINDS,
    find_network,
    for_inference,
    load_argument,
    model_name,
)
from keras_hourglass.training.optimizers.flat_optimizer import FlatOptimizer

TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1, "image_size": 16}


@pytest.fixture(scope="module")
def model():
    return StackedHourglass(**TINY, name="tiny")


def test_a_network_is_returned_as_it_is(model):
    assert load_model(model) is model


def test_a_file_a_run_and_a_preset_are_loaded(model, tmp_path):
    model.save(tmp_path / BEST_FILE)
    for source in (tmp_path, str(tmp_path), tmp_path / BEST_FILE):
        loaded = load_model(source)
        for one, other in zip(loaded.get_weights(), model.get_weights()):
            np.testing.assert_array_equal(one, other)
    (tmp_path / "config.json").write_text("{}")  # of another program
    assert load_model(tmp_path).filters == model.filters
    assert load_model("photo").image_size == (256, 256)
    small = load_model("photo_small")
    assert small.image_size == (256, 256) and small.filters[0] == 64


def test_a_packaged_preset_outweighs_a_folder_of_its_name(
    model, tmp_path, monkeypatch, caplog
):
    model.save_to_preset(tmp_path / "photo")
    monkeypatch.chdir(tmp_path)
    assert load_model("photo").stacks == 2
    assert "the folder of that name is ./photo" in caplog.text
    assert load_model("./photo").stacks == 1


def test_a_file_in_capitals_is_loaded(model, tmp_path):
    model.save(tmp_path / "tiny.keras")
    (tmp_path / "tiny.keras").rename(tmp_path / "TINY.KERAS")
    loaded = load_model(tmp_path / "TINY.KERAS")
    for one, other in zip(loaded.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_a_missing_file_is_refused_with_a_guess_at_a_preset(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.keras"):
        load_model(tmp_path / "none.keras")
    with pytest.raises(FileNotFoundError, match="Did you mean 'photo'.*='phtoo'"):
        load_model("phtoo")
    with pytest.raises(FileNotFoundError, match="Did you mean 'people'"):
        load_model("peple")
    with pytest.raises(FileNotFoundError, match="This folder holds none of them"):
        load_model(tmp_path)


def test_a_run_is_loaded_by_any_of_its_paths(model, tmp_path, monkeypatch):
    run = tmp_path / "runs" / "mine"
    run.mkdir(parents=True)
    model.save(run / BEST_FILE)
    model.save(run / "last.keras")
    (run / "run.json").write_text("{}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(run)
    for source in (f"{run}/", "~/runs/mine", run / "run.json", "run.json", ".", run):
        assert find_network(source).samefile(run / BEST_FILE)
        assert load_model(source).filters == model.filters
    assert load_model("last.keras").filters == model.filters
    assert model_name(f"{run}/") == model_name(run) == model_name(run / "run.json")
    assert model_name(run) == model_name(".") == str(run)
    assert model_name("lighter/hg1") == "lighter/hg1" and model_name(model) == "tiny"


@pytest.mark.parametrize(
    "files, says",
    [
        ([], "This folder holds none of them"),
        (["run.json"], "This run has no checkpoint yet"),
        (["run.json", "last.keras"], "has no best.keras yet.*last.keras has the"),
        (["saved_model.pb"], "This folder is a SavedModel, which TensorFlow"),
        (["1/saved_model.pb"], "This folder is a SavedModel, which TensorFlow"),
        (
            ["a/best.keras", "b/best.keras"],
            "holds 2 runs, the newest in .*/a. Received",
        ),
        (["a/best.keras"], "holds a run, in .*/a. Received"),
        (["mine.keras"], "This folder has .*/mine.keras. Received"),
    ],
)
def test_a_folder_without_a_best_network_says_what_it_is(tmp_path, files, says):
    for age, name in enumerate(files):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("something")
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    with pytest.raises(FileNotFoundError, match=says):
        load_model(tmp_path)


@pytest.mark.parametrize("ending", OTHER_KINDS)
def test_a_file_of_another_kind_is_named_by_its_kind(tmp_path, ending):
    (tmp_path / f"net{ending}").write_text("something")
    said = f"; {ending} is {OTHER_KINDS[ending]}".replace("(", ".").replace(")", ".")
    (tmp_path / f"NET{ending.upper()}").write_text("something")
    for name in (f"net{ending}", f"NET{ending.upper()}"):
        with pytest.raises(ValueError, match=said):
            load_model(tmp_path / name)


def test_a_preset_without_weights_is_refused():
    with pytest.raises(ValueError, match="a preset with weights.*'photo'.*'hg2'"):
        load_model("hg2")


@pytest.mark.parametrize("argument", ["init_weights", "teacher"])
def test_a_network_for_another_argument_is_refused_by_its_name(argument, tmp_path):
    for given in ("hg2", tmp_path, tmp_path / "none.keras", 5):
        with pytest.raises((OSError, ValueError), match=f"`{argument}` must be .*"):
            load_argument(given, argument)


def test_anything_but_a_stacked_hourglass_is_refused(tmp_path):
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    other.save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="must hold a StackedHourglass.*Sequential"):
        load_model(tmp_path / "other.keras")
    (tmp_path / "text.keras").write_text("no model")
    with pytest.raises(ValueError, match="text.keras must be a readable Keras model"):
        load_model(tmp_path / "text.keras")
    with pytest.raises(ValueError, match="`model` must be a Stacked.*a Sequential"):
        load_model(other)


def test_the_inference_form_is_fused_unless_a_subclass_computes_something_else(model):
    class Blank(StackedHourglass):
        def call(self, images):
            return 0 * super().call(images)

    assert isinstance(for_inference(model), FusedHourglass)
    blank = Blank(**TINY)
    assert for_inference(blank) is blank


def test_a_fresh_process_loads_compiled_and_fused_files_by_keras_alone(model, tmp_path):
    optimizer = FlatOptimizer(keras.optimizers.Adam(1e-3))
    model.compile(optimizer, HeatmapLoss(), metrics=[PCKh()])
    optimizer.build(model.trainable_variables)
    model.save(tmp_path / "trained.keras")
    fuse(model).save(tmp_path / "fused.keras")
    code = """
import sys, warnings
warnings.simplefilter("error")
import keras, keras_hourglass
trained = keras.models.load_model(sys.argv[1] + "/trained.keras")
assert type(trained.optimizer).__name__ == "FlatOptimizer" and trained.compiled
assert type(trained.loss).__name__ == "HeatmapLoss"
fused = keras.models.load_model(sys.argv[1] + "/fused.keras")
assert type(fused) is not type(trained) and fused.skeleton == trained.skeleton
"""
    arguments = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(arguments, env={**os.environ}, check=True)


@keras.saving.register_keras_serializable("test_loading")
class Distilled(StackedHourglass):
    """A subclass whose `compile` takes what no file holds."""

    def compile(self, teacher, **kwargs):
        self.teacher = teacher
        super().compile(**kwargs)


def test_a_subclass_with_its_own_compile_is_loaded_uncompiled(model, tmp_path):
    distilled = Distilled(**TINY)
    distilled.compile(model, optimizer="sgd", loss=HeatmapLoss())
    distilled.save(tmp_path / "distilled.keras")
    with pytest.warns(UserWarning, match="`compile\\(\\)` was not called"):
        loaded = keras.models.load_model(tmp_path / "distilled.keras")
    assert isinstance(loaded, Distilled) and not hasattr(loaded, "optimizer")
