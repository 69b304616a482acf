"""`kh.train`: all that the command does, in one call."""

import json

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.training.recipes import Recipe

SMALL = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
OPTIONS = {**SMALL, "epochs": 2, "batch_size": 4, "recipe": "demo"}


@pytest.fixture(autouse=True)
def messages(eager, caplog):
    caplog.set_level("INFO", logger="keras_hourglass")
    return caplog


def test_a_run_gives_its_best_network_and_its_history(noise, tmp_path, capfd):
    run = kh.train(f"crops:{noise}", output=tmp_path / "run", **OPTIONS)
    assert run.folder == tmp_path / "run" and run.best == run.folder / "best.keras"
    assert isinstance(run.model, kh.StackedHourglass) and run.model.filters == 4
    assert len(run.history["loss"]) == len(run.history["val_pckh"]) == 2
    assert run.best_pckh == pytest.approx(max(run.history["val_pckh"]))
    assert run.measure.title == "PCKh@0.5"
    out, err = capfd.readouterr()
    assert not out and "Epoch 2/2  took" in err and "Ankle" in err
    # The same call, and one without options, go on, or find nothing to do.
    again = kh.train(f"crops:{noise}", output=tmp_path / "run", **OPTIONS)
    assert again.history == run.history
    assert kh.train(output=tmp_path / "run").best_pckh == run.best_pckh
    with pytest.raises(ValueError, match="seed: 0, now 1"):
        kh.train(f"crops:{noise}", output=tmp_path / "run", seed=1, **OPTIONS)


def test_nothing_is_printed_with_verbose_0(noise, tmp_path, capfd):
    options = {**OPTIONS, "epochs": 1}
    kh.train(f"crops:{noise}", output=tmp_path, verbose=0, **options)
    out, err = capfd.readouterr()
    assert not out and "Epoch" not in err and "Ankle" not in err


def test_without_a_head_the_measure_is_said_and_the_names_stay(
    noise, tmp_path, messages, capfd
):
    contents = json.loads((noise / "annotations.json").read_text())
    contents["joint_names"] = [f"marker {n}" for n in range(16)]
    (tmp_path / "annotations.json").write_text(json.dumps(contents))
    (tmp_path / "images").symlink_to(noise / "images")
    options = {**OPTIONS, "epochs": 1}
    run = kh.train(f"crops:{tmp_path}", output=tmp_path / "run", **options)
    said = "`pckh` is PCK@0.1: joints with an error of at most 0.1 of the longer side"
    assert said in messages.text and "PCK@0.1, %" in capfd.readouterr().err
    assert run.measure.title == "PCK@0.1"
    assert run.history["val_pckh"] == [pytest.approx(run.best_pckh)]
    assert {"pckh", "val_pckh_marker 3"} <= run.history.keys()


def test_people_and_a_recipe_are_taken_as_they_are(noise, tmp_path, messages):
    people = kh.load_dataset("crops", noise)
    recipe = Recipe(epochs=1, batch_size=2, learning_rate=0.01, network=SMALL)
    run = kh.train(people, recipe, tmp_path, verbose=0)
    assert len(run.history["loss"]) == 1
    heatmaps = run.model.predict_on_batch(np.zeros((1, 32, 32, 3), "uint8"))
    assert np.isfinite(heatmaps).all()
    kh.train(people, recipe, tmp_path, verbose=0)
    assert "nothing is left to do" in messages.messages[-1]
    with pytest.raises(ValueError, match="these differ: datasets"):
        kh.train(people[1:], recipe, tmp_path)
    (tmp_path / "last.keras").unlink()
    with pytest.raises(ValueError, match="must be the `People` that the run was"):
        kh.train(output=tmp_path)


def test_datasets_are_mixed_by_shares(noise, tmp_path):
    mixed = [f"crops:{noise}*0.5", kh.load_dataset("crops", noise)]
    run = kh.train(mixed, output=tmp_path, verbose=0, **{**OPTIONS, "epochs": 1})
    assert len(run.history["people_pckh"]) == 1  # of the second's validation


def test_restart_begins_anew_with_other_options(noise, tmp_path, messages):
    options = {**OPTIONS, "epochs": 1, "verbose": 0, "output": tmp_path}
    kh.train(f"crops:{noise}", **options)
    source = tmp_path.with_name("source.keras")
    kh.load_model(tmp_path / "best.keras").save(source)
    options |= {"init_weights": source, "freeze": "stem", "restart": True}
    run = kh.train("crops", root=noise, **options)
    assert any("weights are frozen" in line for line in messages.messages)
    kernel = run.model.get_layer("stem_convolution").kernel
    source_kernel = kh.load_model(source).get_layer("stem_convolution").kernel
    np.testing.assert_array_equal(
        *map(keras.ops.convert_to_numpy, (kernel, source_kernel))
    )


def test_several_processes_need_an_output():
    with pytest.raises(ValueError, match="`output` must be given where several"):
        kh.train(processes=2, process=0, coordinator="here:1")
