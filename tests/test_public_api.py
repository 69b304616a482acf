"""The public API: every line of the README's quickstart, with one import.

Small sizes; on TensorFlow, JAX and PyTorch.
"""

import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.prepare import CropOptions, prepare

TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1, "image_size": 32}
TENSORFLOW = keras.backend.backend() == "tensorflow"


@pytest.fixture(scope="module")
def crops(drawn, tmp_path_factory):
    """A prepared folder of 17 synthetic people, 5 of them for validation."""
    folder = tmp_path_factory.mktemp("crops")
    prepare(drawn, folder / "crops", CropOptions(64))
    return folder / "crops"


@pytest.fixture(scope="module")
def model():
    return kh.StackedHourglass(block="multidilated", **TINY)


def test_every_public_name_is_there_and_documented():
    for name in kh.__all__:
        assert name in dir(kh) and getattr(kh, name).__doc__, name


def test_type_checkers_see_every_public_name():
    source = open(kh.__file__, encoding="utf-8").read()
    for name, module in kh._MODULES.items():
        line = f"from keras_hourglass.{module} import"
        assert line in source and f"{name} as {name}" in source, name


def test_the_version_heads_the_changelog_and_is_cited():
    root = Path(__file__).parents[1]
    changelog, citation = (
        (root / name).read_text("utf-8") for name in ("CHANGELOG.md", "CITATION.cff")
    )
    assert re.findall("^## (.+)$", changelog, re.M)[0] == kh.__version__
    assert f"\nversion: {kh.__version__}\n" in citation


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="keras_hourglass.*'StackedHourglas'"):
        kh.StackedHourglas  # noqa: B018


def test_submodules_are_not_hidden_by_functions():
    code = (
        "import types, keras_hourglass as kh\n"
        "for name in kh.__all__: getattr(kh, name)\n"
        "import pkgutil, importlib\n"
        "for info in pkgutil.walk_packages(kh.__path__, 'keras_hourglass.'):\n"
        "    if 'torch' in info.name or 'tf_data' in info.name: continue\n"
        "    parent, _, base = info.name.rpartition('.')\n"
        "    module = importlib.import_module(info.name)\n"
        "    found = getattr(importlib.import_module(parent), base)\n"
        "    assert isinstance(found, types.ModuleType), info.name\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert not run.returncode, run.stderr[-2000:]


def test_plain_keras_trains_on_a_dataset(crops, tmp_path, model, capsys):
    people = kh.load_dataset("crops", crops, missing="skip")
    train, val = people.split("train"), people.split("val")
    assert (len(people), len(train), len(val)) == (17, 12, 5)
    batches = train.batches(
        model, batch_size=4, augmentation="modern", shuffle=True, seed=0
    )
    assert len(batches) == 3
    model.compile(
        keras.optimizers.Adam(1e-3),
        kh.HeatmapLoss(),
        metrics=[kh.PCKh(), kh.PCKh(0.1, name="pckh01")],
    )
    boards = [keras.callbacks.TensorBoard(tmp_path / "logs")] if TENSORFLOW else []
    history = model.fit(
        batches,
        validation_data=val.batches(model, 4),
        epochs=2,
        verbose=0,
        callbacks=[
            kh.PCKhCallback(),
            kh.TensorBoardLogger(tmp_path / "events"),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best.keras", monitor="val_pckh", mode="max"
            ),
            *boards,
        ],
    ).history
    assert {"val_pckh", "val_pckh01", "val_pckh_wrist"} <= history.keys()
    assert len(history["val_loss"]) == 2 and np.isfinite(history["val_loss"]).all()
    assert "Wrist" in capsys.readouterr().out
    loaded = kh.load_model(tmp_path / "best.keras")
    assert loaded.get_config() == model.get_config()


def test_one_call_trains_and_one_evaluates(crops, tmp_path, eager):
    run = kh.train(
        dataset=f"crops:{crops}",
        recipe="modern",
        block="multidilated",
        output=tmp_path / "run",
        epochs=1,
        batch_size=4,
        verbose=0,
        **TINY,
    )
    assert run.best.is_file() and len(run.history["val_pckh"]) == 1
    assert kh.load_model(tmp_path / "run").count_params() == run.model.count_params()
    val = kh.load_dataset("crops", crops, split="val")
    result = kh.evaluate(run.model, val, flip=True)
    assert 0 <= result.pckh <= 100 and result.per_joint.keys() == {*val.skeleton.joints}
    assert "PCKh" in str(result) and result.to_dict()["pckh"] == result.pckh


def test_poses_are_found_saved_and_drawn(model):
    image = np.zeros((48, 40, 3), "uint8")
    (pose,) = kh.PoseEstimator(model, detector=None)(image)
    x, y, score = pose["left_wrist"]
    assert np.isfinite([x, y, score]).all() and pose == pose
    assert pose.plot(image).shape == image.shape
    pytest.importorskip("pandas")
    assert "left_wrist_x" in kh.to_dataframe([pose]).columns


def test_presets_name_themselves_and_their_weights():
    assert "photo" in kh.StackedHourglass.presets
    with pytest.raises(ValueError, match="'photo'"):
        kh.StackedHourglass.from_preset("hg1")
    with pytest.raises(ValueError, match=r"from_preset\('hg8'\)|from_preset\(\"hg8\""):
        kh.StackedHourglass("hg8")
