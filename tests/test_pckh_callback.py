import keras
import numpy as np
import pytest

from keras_hourglass import HeatmapLoss, PCKh, PCKhCallback, Skeleton, StackedHourglass
from keras_hourglass.callbacks.pckh import find_pckh_metric
from keras_hourglass.callbacks.score_table import format_row
from keras_hourglass.evaluation.conventions import STANDARD

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (4, 32, 32, 3), dtype="uint8")
LABELS = np.concatenate(
    [RANDOM.uniform(0, 8, (4, 16, 2)), np.ones((4, 16, 1)), np.full((4, 16, 1), 2)], -1
).astype("float32")


class Batches(keras.utils.PyDataset):
    num_batches = 1

    def __getitem__(self, index):
        return IMAGES, LABELS


@pytest.fixture
def model(eager):
    """The smallest network with heatmaps."""
    images = keras.Input((32, 32, 3))
    heatmaps = keras.layers.Conv2D(16, 4, strides=4)(images)
    return keras.Model(images, keras.layers.Reshape((1, 8, 8, 16))(heatmaps))


@pytest.fixture
def lines():
    return []


def fit(model, *callbacks, metrics=None, epochs=2, **kwargs):
    metrics = [PCKh(skeleton="mpii")] if metrics is None else metrics
    model.compile(keras.optimizers.Adam(0.1), HeatmapLoss(), metrics=metrics)
    data = {"validation_data": (IMAGES, LABELS), "batch_size": 2, "verbose": 0}
    kwargs = {**data, "callbacks": [*callbacks], **kwargs}
    return model.fit(IMAGES, LABELS, epochs=epochs, **kwargs).history


def test_table_per_group_is_printed_after_each_epoch_and_is_the_metric(model, lines):
    callback = PCKhCallback(others={"other": Batches()}, print_fn=lines.append)
    history = fit(model, callback)
    tables = [line for line in lines if "Head" in line and "Ankle" in line]
    assert len(tables) == 2 and len([line for line in lines if "other:" in line]) == 2
    assert history["other_pckh"] == pytest.approx(history["val_pckh"])
    assert {"val_pckh_head", "val_pckh_wrist"} <= history.keys()
    _, title, names, numbers = tables[-1].split("\n")
    assert title == "PCKh@0.5, %"
    assert names.split() == [*PCKh(skeleton="mpii").skeleton.groups, STANDARD]
    assert float(numbers.split()[-1]) == pytest.approx(
        history["val_pckh"][-1], abs=0.01
    )
    wrist = float(numbers.split()[names.split().index("Wrist")])
    assert wrist == pytest.approx(history["val_pckh_wrist"][-1], abs=0.01)


def test_it_prints_as_keras_does_unless_told_not_to(model, capsys):
    fit(model, PCKhCallback(), epochs=1)
    assert "Shoulder" in capsys.readouterr().out
    fit(model, PCKhCallback(verbose=0), epochs=1)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", [None, "pckh", "pckh01"])
def test_of_two_metrics_the_named_one_is_printed(name, model, lines):
    metrics = [PCKh(0.5, "mpii"), PCKh(0.1, "mpii", name="pckh01")]
    history = fit(model, PCKhCallback(name, print_fn=lines.append), metrics=metrics)
    key = f"val_{name or 'pckh'}"
    other = "val_pckh_wrist" if name == "pckh01" else "val_pckh01_wrist"
    assert f"{key}_wrist" in history and other not in history
    means = [float(line.split()[-1]) for line in lines]
    np.testing.assert_allclose(means, history[key], atol=0.01)


def test_two_callbacks_of_two_metrics_share_a_fit(model):
    metrics = [PCKh(0.1, "mpii", name="pckh01"), PCKh(0.9, "mpii", name="pckh09")]
    callbacks = [PCKhCallback(name, verbose=0) for name in ("pckh01", "pckh09")]
    history = fit(model, *callbacks, metrics=metrics)
    for name in ("elbow", "ankle"):
        strict, loose = (history[f"val_pckh0{n}_{name}"] for n in (1, 9))
        assert (np.array(strict) <= loose).all()


def test_a_metric_of_another_name_is_found(model):
    metrics = [PCKh(skeleton="mpii", name="head")]
    others = {"again": Batches()}
    history = fit(model, PCKhCallback(others=others, verbose=0), metrics=metrics)
    assert {"val_head_wrist", "again_head"} <= history.keys()


def test_an_unknown_metric_is_an_error_that_names_those_there_are(model):
    with pytest.raises(ValueError, match="'pckh'. Received: metric='pckh01'"):
        fit(model, PCKhCallback("pckh01"), epochs=1)


def test_a_model_without_the_metric_is_an_error(model):
    with pytest.raises(ValueError, match="must hold a PCKh"):
        fit(model, PCKhCallback(), metrics=[], epochs=1)


def test_epochs_without_validation_print_nothing(model, lines):
    callback = PCKhCallback(print_fn=lines.append)
    history = fit(model, callback, epochs=4, validation_freq=2)
    assert len(lines) == 2 and len(history["val_pckh_wrist"]) == 2
    lines.clear()
    history = fit(model, callback, epochs=1, validation_data=None)
    assert not lines and "val_pckh_wrist" not in history


def test_the_first_metric_is_found_also_inside_others():
    first, second = PCKh(skeleton="mpii"), PCKh(skeleton="mpii", name="second")

    class Holder:
        metrics = [first, second]

    class Model:
        metrics = [keras.metrics.Mean(), Holder()]

    assert find_pckh_metric(Model()) is first
    assert find_pckh_metric(Model(), "second") is second


def test_columns_never_run_together(monkeypatch):
    long = {"left_anterior_superior_iliac_spine": 100.0, "r_toe": 3.14159, "x": np.nan}
    monkeypatch.setenv("COLUMNS", "200")
    names, numbers = format_row(long.items()).split("\n")
    assert names.split() == [*long] and numbers.split() == ["100.00", "3.14", "nan"]


def test_a_wide_table_is_broken_at_the_terminals_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = format_row([(f"joint_{n}", float(n)) for n in range(9)]).split("\n")
    assert len(lines) == 6 and max(map(len, lines)) <= 40
    assert " ".join(lines[1::2]).split() == [f"{n}.00" for n in range(9)]


def test_joints_are_the_columns_of_a_skeleton_without_groups(model):
    names = tuple(f"marker_{n}" for n in range(16))
    lines = []
    history = fit(
        model,
        PCKhCallback(print_fn=lines.append),
        metrics=[PCKh(skeleton=Skeleton(names))],
        epochs=1,
    )
    assert {f"val_pckh_{name}" for name in names} <= history.keys()
    assert lines[0].startswith("\nPCK@0.1, %\n")


def test_metrics_of_a_hourglass_take_its_skeleton(eager):
    names = ("left_eye", "right_eye", "nose")
    network = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1}
    model = StackedHourglass(image_size=32, skeleton=Skeleton(names), **network)
    metrics = [PCKh(), PCKh(0.1, name="pckh01")]
    model.compile("sgd", HeatmapLoss(), metrics=metrics)
    callback, data = PCKhCallback("pckh01", verbose=0), (IMAGES, LABELS[:, :3])
    history = model.fit(
        *data, validation_data=data, verbose=0, callbacks=[callback]
    ).history
    assert {f"val_pckh01_{name}" for name in names} <= history.keys()
