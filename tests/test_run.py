"""`kh.train`: all that the command does, in one call."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.training import trainer
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.runs import run_dir
from keras_hourglass.training.runs.config_file import read_config
from keras_hourglass.utils import Interrupted
from keras_hourglass.utils.folder_lock import FolderInUseError, FolderLock

SMALL = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
SMALL["block"] = "tests>PointwiseBlock"
OPTIONS = {**SMALL, "epochs": 2, "batch_size": 4, "recipe": "demo"}


@pytest.fixture(autouse=True)
def messages(eager, no_snapshots, caplog):
    caplog.set_level("INFO", logger="keras_hourglass")
    return caplog


@pytest.fixture(scope="module")
def trained():
    """Number of epochs -> folder of a run that `finished_run` copies."""
    return {}


@pytest.fixture
def finished_run(noise, trained, tmp_path_factory):
    """Copies a run on `noise` to a folder: (the folder, its epochs) -> the folder."""

    def copy(folder, epochs=2):
        if epochs not in trained:
            trained[epochs] = tmp_path_factory.mktemp("trained") / "run"
            options = {**OPTIONS, "epochs": epochs, "output": trained[epochs]}
            kh.train(f"crops:{noise}", verbose=0, **options)
        return shutil.copytree(trained[epochs], folder, dirs_exist_ok=True)

    return copy


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
    with pytest.raises(ValueError, match="these differ: dataset: people:"):
        kh.train(people[1:], recipe, tmp_path)
    (tmp_path / "last.keras").unlink()
    with pytest.raises(ValueError, match="must be the `People` that the run was"):
        kh.train(output=tmp_path)


def test_datasets_are_mixed_by_shares(noise, tmp_path):
    mixed = [f"crops:{noise}*0.5", kh.load_dataset("crops", noise)]
    run = kh.train(mixed, output=tmp_path, verbose=0, **{**OPTIONS, "epochs": 1})
    assert len(run.history["people_pckh"]) == 1  # of the second's validation


def test_restart_begins_anew_with_other_options(
    noise, finished_run, tmp_path, messages
):
    options = {**OPTIONS, "epochs": 1, "verbose": 0, "output": tmp_path}
    finished_run(tmp_path, 1)
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


def test_options_that_are_not_given_are_those_of_the_run(
    noise, finished_run, tmp_path, messages
):
    folder = tmp_path / "run"
    first = kh.train(output=finished_run(folder), verbose=0).history
    stored = (folder / "run.json").read_text()
    for same in [{"seed": 0}, {"recipe": "demo"}, {"dataset": f"crops:{noise}"}]:
        assert kh.train(output=folder, verbose=0, **same).history == first
    assert (folder / "run.json").read_text() == stored
    longer = kh.train(output=folder, verbose=0, epochs=3)
    assert len(longer.history["loss"]) == 3
    assert longer.history["loss"][:2] == first["loss"]
    assert longer.model.filters == 4  # not the recipe's
    assert (
        f"{folder} was trained for 2 epochs; it goes on to 3: the learning rate "
        "follows the schedule of 3 epochs from epoch 2 on." in messages.messages
    )
    with pytest.raises(ValueError, match="at least 3, the number .* epochs=1$"):
        kh.train(output=folder, epochs=1)


def test_a_recipe_of_another_kind_is_refused_in_a_short_list(finished_run, tmp_path):
    finished_run(tmp_path, 1)
    with pytest.raises(ValueError, match="optimizer: adam, now muon") as refused:
        kh.train(output=tmp_path, recipe="photo", learning_rate=1, seed=9)
    said = str(refused.value)
    assert said.endswith(
        "`restart=True` begins anew, another `output` begins another run"
    )
    assert "and 1 more" in said and len(said) < 600 and "; epochs" not in said


def test_a_run_goes_on_from_another_folder_and_with_a_dataset_that_moved(
    noise, tmp_path, monkeypatch, messages
):
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir(parents=True)
    here.mkdir()
    (here / "crops").symlink_to(noise)
    monkeypatch.chdir(here)
    kh.train("crops:crops", output="run", verbose=0, **{**OPTIONS, "epochs": 1})
    monkeypatch.chdir(there)
    kh.train(output=here / "run", verbose=0, epochs=2)
    (here / "crops").unlink()
    (there / "moved").symlink_to(noise)
    monkeypatch.setattr("os.path.realpath", os.path.abspath)  # the link is a folder
    run = kh.train("crops:moved", output="../here/run", verbose=0, epochs=3)
    assert len(run.history["loss"]) == 3
    said = f"The people of {here / 'crops'} are now in {there / 'moved'}."
    assert said in messages.messages
    contents = json.loads((noise / "annotations.json").read_text())
    contents["people"] = contents["people"][2:]
    (there / "fewer").mkdir()
    (there / "fewer" / "annotations.json").write_text(json.dumps(contents))
    (there / "fewer" / "images").symlink_to(noise / "images")
    with pytest.raises(ValueError, match="must hold the people that the run in .* was"):
        kh.train(f"crops:{there / 'fewer'}", output=here / "run", epochs=4)


def test_people_that_changed_in_their_folder_are_warned_of_until_a_checkpoint(
    noise, tmp_path, messages, monkeypatch
):
    data = tmp_path / "data"
    data.mkdir()
    (data / "images").symlink_to(noise / "images")
    contents = json.loads((noise / "annotations.json").read_text())
    (data / "annotations.json").write_text(json.dumps(contents))
    folder, options = tmp_path / "run", {**OPTIONS, "epochs": 1, "verbose": 0}
    kh.train(f"crops:{data}", output=folder, **options)
    joints = contents["people"][0]["joints"]
    joints[0] = [joints[0][0] + 1, *joints[0][1:]]
    (data / "annotations.json").write_text(json.dumps(contents))

    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:  # the new people are noted, nothing is learned
        patch.setattr("keras_hourglass.training.trainer.Trainer._fit", die)
        patch.setattr("keras_hourglass.training.trainer.Trainer._translate", print)
        with pytest.raises(KeyboardInterrupt):
            kh.train(output=folder, epochs=2, verbose=0)
    messages.clear()
    kh.train(output=folder, epochs=2, verbose=0)
    assert "The people to train on have changed since" in messages.text
    messages.clear()
    kh.train(output=folder, epochs=3, verbose=0)
    assert "have changed" not in messages.text


def test_with_fewer_people_the_schedule_goes_on_at_the_epoch_reached(noise, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "images").symlink_to(noise / "images")
    contents = json.loads((noise / "annotations.json").read_text())
    (data / "annotations.json").write_text(json.dumps(contents))
    folder = tmp_path / "run"
    kh.train(f"crops:{data}", output=folder, verbose=0, **OPTIONS)
    contents["people"] = contents["people"][4:]  # half of those to train: one step
    (data / "annotations.json").write_text(json.dumps(contents))
    kh.train(output=folder, epochs=5, verbose=0)
    optimizer = keras.models.load_model(folder / "last.keras").optimizer
    assert int(optimizer.iterations) == 5


def test_the_folder_of_a_run_in_use_is_refused_and_nothing_is_deleted(
    noise, finished_run, tmp_path
):
    folder = finished_run(tmp_path / "run", 1)
    files = sorted(folder.iterdir())
    with FolderLock(folder):
        for restart in (False, True):
            with pytest.raises(FolderInUseError, match=f"process {os.getpid()} on"):
                kh.train(output=folder, restart=restart, epochs=2, verbose=0)
        code = "import sys, keras_hourglass as kh; kh.train(output=sys.argv[1])"
        command = [sys.executable, "-c", code, str(folder)]
        ended = subprocess.run(command, capture_output=True, text=True)
        assert f"{folder} is in use by process {os.getpid()} on" in ended.stderr
    assert sorted(folder.iterdir()) == files
    kh.train(output=folder, epochs=2, verbose=0)


def test_a_second_training_in_a_thread_is_refused_and_errors_give_the_folder_back(
    noise, tmp_path, monkeypatch
):
    caught = []

    def fit(self):
        def second():
            with pytest.raises(FolderInUseError) as error:
                kh.train(output=tmp_path, verbose=0)
            caught.append(error)

        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        raise KeyboardInterrupt

    options = {**OPTIONS, "epochs": 1, "verbose": 0, "output": tmp_path}
    with monkeypatch.context() as patch:
        patch.setattr(trainer.Trainer, "_fit", fit)
        with pytest.raises(Exception, match="Stopped"):
            kh.train(f"crops:{noise}", **options)
    assert len(caught) == 1
    assert len(kh.train(f"crops:{noise}", **options).history["loss"]) == 1


def test_a_stop_before_the_first_checkpoint_says_so(
    noise, tmp_path, messages, monkeypatch
):
    def fit(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer.Trainer, "_fit", fit)
    with pytest.raises(Interrupted, match="^Stopped before the first checkpoint. To"):
        kh.train(f"crops:{noise}", output=tmp_path, verbose=0, **OPTIONS)
    compiled = keras.backend.backend() != "torch"
    assert ("Compiling the network" in messages.text) == compiled


def test_an_error_before_the_first_step_leaves_no_folder(noise, tmp_path):
    with pytest.raises(ValueError):
        kh.train("crops:nowhere", output=tmp_path / "runs" / "new")
    assert [*tmp_path.iterdir()] == []
    # The same call with another teacher must not find a run with other options.
    teacher = kh.StackedHourglass(**{**SMALL, "image_size": 64})
    teacher.save(tmp_path / "teacher.keras")
    for wrong in ("teacher.keras", "nothing.keras"):
        options = {**SMALL, "teacher": tmp_path / wrong}
        with pytest.raises((ValueError, FileNotFoundError), match="`teacher`"):
            kh.train(f"crops:{noise}", output=tmp_path / "runs" / "new", **options)
        assert [path.name for path in tmp_path.iterdir()] == ["teacher.keras"]


def test_a_history_that_was_edited_or_deleted_is_read_and_goes_on(
    finished_run, tmp_path
):
    first = kh.train(output=finished_run(tmp_path), verbose=0).history
    path = tmp_path / "history.csv"
    header, row, _ = path.read_text().splitlines()
    columns = header.split(",")
    fewer = [name for name in columns if name != "val_pckh"]
    cells = dict(zip(columns, row.split(",")))
    edited = [",".join(fewer), ",".join(cells[name] for name in fewer), "1,NA,,note"]
    path.write_text("\n".join(edited))  # without an end of the last line
    longer = kh.train(output=tmp_path, verbose=0, epochs=3)
    assert longer.history.keys() == {*fewer} - {"epoch"}
    assert longer.history["loss"][0] == first["loss"][0]
    assert len(longer.history["loss"]) == 3
    assert longer.history["loss"][2] > 0
    path.unlink()
    assert len(kh.train(output=tmp_path, verbose=0, epochs=4).history["loss"]) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"config": {}}', "\xff"])
def test_a_damaged_configuration_is_named_and_restart_begins_anew(
    noise, tmp_path, text, monkeypatch
):
    def fit(self):  # what follows is that of any restart
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer.Trainer, "_fit", fit)
    options = {**OPTIONS, "epochs": 1, "verbose": 0, "output": tmp_path}
    (tmp_path / "run.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="is not a training run's.*`restart=True`"):
        kh.train(f"crops:{noise}", **options)
    with pytest.raises(Interrupted, match="^Stopped before the first checkpoint"):
        kh.train(f"crops:{noise}", restart=True, **options)
    assert read_config(tmp_path).recipe.epochs == 1


def test_a_checkpoint_that_is_cut_off_or_lost_is_an_error_that_says_what_to_do(
    finished_run, tmp_path
):
    finished_run(tmp_path)
    last = tmp_path / "last.keras"
    whole = last.read_bytes()
    last.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="or is damaged: .* `restart=True` begins"):
        kh.train(output=tmp_path, epochs=3)
    middle = len(whole) // 2
    last.write_bytes(whole[:middle] + bytes(2000) + whole[middle + 2000 :])
    with pytest.raises(ValueError, match="not a checkpoint of this run.*damaged"):
        kh.train(output=tmp_path, epochs=3)
    best = (tmp_path / "best.keras").read_bytes()
    last.unlink()
    with pytest.raises(ValueError, match="has no last.keras, from which its run"):
        kh.train(output=tmp_path, epochs=3)
    assert (tmp_path / "best.keras").read_bytes() == best


def test_a_best_network_that_was_deleted_is_written_again(finished_run, tmp_path):
    (finished_run(tmp_path) / "best.keras").unlink()
    again = kh.train(output=tmp_path, verbose=0, epochs=3)
    assert again.best.is_file()
    assert again.best_pckh == pytest.approx(again.history["val_pckh"][2])


def test_the_folder_of_a_run_may_begin_with_the_home_folder(
    noise, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    options = {**OPTIONS, "epochs": 1, "verbose": 0}
    run = kh.train(f"crops:{noise}", output="~/run", **options)
    assert run.folder == Path(tmp_path / "run")


def test_restart_without_a_dataset_keeps_the_options_of_the_run(finished_run, tmp_path):
    finished_run(tmp_path, 1)
    run = kh.train(output=tmp_path, restart=True, verbose=0, filters=6)
    assert run.model.filters == 6 and run.model.image_size == (32, 32)
    assert len(run.history["loss"]) == 1


def test_a_restart_that_fails_keeps_the_run(noise, finished_run, tmp_path):
    folder, other = finished_run(tmp_path / "run", 1), tmp_path / "other"
    options = {**OPTIONS, "epochs": 1, "verbose": 0}
    kh.train(f"crops:{noise}", output=other, **{**options, "skeleton": "coco"})
    before = {path.name: path.read_bytes() for path in folder.glob("*.*")}
    for wrong in [
        {"dataset": f"crops:{tmp_path / 'nowhere'}"},
        {"init_weights": tmp_path / "nothing.keras"},
        {"teacher": other, "distill_weight": 0.5},
        {"image_size": 31},
    ]:
        with pytest.raises((ValueError, OSError)):
            kh.train(output=folder, restart=True, verbose=0, **wrong)
    assert {path.name: path.read_bytes() for path in folder.glob("*.*")} == before
    best = folder / "best.keras"  # of the run that is replaced
    run = kh.train(output=folder, restart=True, verbose=0, init_weights=best)
    assert len(run.history["loss"]) == 1


def test_a_restart_from_its_own_network_keeps_it_until_there_is_a_better_one(
    finished_run, tmp_path, monkeypatch
):
    folder = finished_run(tmp_path / "run", 1)
    best = (folder / "best.keras").read_bytes()

    def fit(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Trainer, "_fit", fit)
        with pytest.raises(Interrupted):
            kh.train(output=folder, restart=True, init_weights=folder, verbose=0)
    assert (folder / "best.keras").read_bytes() == best
    assert len(kh.train(output=folder, verbose=0).history["loss"]) == 1
    with pytest.raises(ValueError, match="`teacher` must be another network"):
        kh.train(output=folder, restart=True, teacher=folder, verbose=0)


def test_a_restart_from_another_network_takes_its_size(finished_run, tmp_path):
    folder = finished_run(tmp_path / "run", 1)
    other = kh.StackedHourglass(**{**SMALL, "filters": 6})
    other.save(tmp_path / "other.keras")
    begin = {"restart": True, "init_weights": tmp_path / "other.keras"}
    assert kh.train(output=folder, verbose=0, **begin).model.filters == 6


def test_a_stop_in_the_last_epoch_comes_too_late(noise, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer.Trainer, "should_stop", lambda self, step: True)
    with pytest.raises(Interrupted):
        kh.train(f"crops:{noise}", output=tmp_path, verbose=0, **OPTIONS)
    monkeypatch.setattr(
        trainer.Trainer, "should_stop", lambda self, step: step == self.sampler.steps
    )
    with pytest.raises(Interrupted, match="epoch 1 of 2"):
        kh.train(output=tmp_path, verbose=0)
    assert len(kh.train(output=tmp_path, verbose=0).history["loss"]) == 2


def test_a_finished_run_is_read_where_nothing_can_be_written(
    finished_run, tmp_path, monkeypatch, messages
):
    finished_run(tmp_path, 1)

    def refuse(path, folder):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(run_dir, "require_writable", refuse)
    run = kh.train(output=tmp_path, verbose=0)
    assert "nothing is left to do" in messages.messages[-1]
    assert len(run.history["loss"]) == 1
    with pytest.raises(OSError, match="Read-only"):
        kh.train(output=tmp_path, verbose=0, epochs=2)
