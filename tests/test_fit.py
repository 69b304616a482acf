"""Plain `fit` on arrays, with Keras's own callbacks and its other options."""

import csv
from functools import partial

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.callbacks.diagnostics import diagnostic_callbacks
from keras_hourglass.callbacks.progress import ProgressLogger
from keras_hourglass.heatmaps.decode import decode
from keras_hourglass.training.optimizers.averages import EMAWeights

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (6, 32, 32, 3), "uint8")
LABELS = np.concatenate(
    [RANDOM.uniform(0, 8, (6, 16, 2)), np.ones((6, 16, 1)), np.full((6, 16, 1), 2)], -1
).astype("float32")
BACKEND = keras.backend.backend()
PLATEAU = {"monitor": "loss", "factor": 0.5, "patience": 1, "min_delta": 1e9}


@pytest.fixture
def model(eager):
    """A tiny network, compiled."""
    return built()


def built(**compiling):
    keras.utils.set_random_seed(0)
    size = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    block = "tests>PointwiseBlock"
    model = kh.StackedHourglass(1, block=block, name="tiny", **size)
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(optimizer, kh.HeatmapLoss(), metrics=[kh.PCKh()], **compiling)
    return model


def fit(model, *callbacks, **options):
    """Three steps an epoch."""
    options = {"epochs": 4, "batch_size": 2, "verbose": 0, **options}
    options = {"validation_data": (IMAGES, LABELS), **options}
    return model.fit(IMAGES, LABELS, callbacks=[*callbacks], **options).history


def test_model_checkpoint_saves_the_best_by_pckh(model, tmp_path):
    path = tmp_path / "best.keras"
    saver = keras.callbacks.ModelCheckpoint(
        path, monitor="val_pckh", mode="max", save_best_only=True
    )
    history = fit(model, saver)
    again = keras.models.load_model(path)
    assert type(again) is kh.StackedHourglass
    scores = again.evaluate(IMAGES, LABELS, verbose=0, return_dict=True)
    assert scores["pckh"] == pytest.approx(max(history["val_pckh"]), abs=1e-3)


def test_early_stopping_by_pckh_restores_the_best_weights(model):
    stopping = keras.callbacks.EarlyStopping(
        *("val_pckh", 1000.0, 1), mode="max", restore_best_weights=True
    )
    assert len(fit(model, stopping)["loss"]) == 2
    assert stopping.best_epoch == 0


def test_backup_and_restore_goes_on_to_the_bit(eager, tmp_path):
    whole = built()
    fit(whole, shuffle=False)

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    backup = partial(keras.callbacks.BackupAndRestore, str(tmp_path / "backup"))
    with pytest.raises(KeyboardInterrupt):
        fit(built(), backup(), Stop(), shuffle=False)
    broken = built()
    history = fit(broken, backup(), shuffle=False)
    assert len(history["loss"]) == 2
    for a, b in zip(whole.get_weights(), broken.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_reduce_lr_on_plateau_lowers_the_rate_and_csv_logger_writes_it(model, tmp_path):
    plateau = keras.callbacks.ReduceLROnPlateau(**PLATEAU)
    history = fit(
        *(model, kh.PCKhCallback(verbose=0), plateau),
        keras.callbacks.CSVLogger(tmp_path / "history.csv"),
    )
    np.testing.assert_allclose(
        history["learning_rate"], [0.01, 0.01, 0.005, 0.0025], rtol=1e-5
    )
    with open(tmp_path / "history.csv", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx(
        history["learning_rate"]
    )
    assert {"val_pckh", "val_pckh_wrist"} <= rows[0].keys()


@pytest.mark.skipif(BACKEND != "tensorflow", reason="Keras's needs TensorFlow")
def test_tensorboard_of_keras_writes(model, tmp_path):
    fit(model, keras.callbacks.TensorBoard(tmp_path / "logs"), epochs=1)
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {
        *("train", "validation")
    }


def test_our_own_callbacks_work_beside_them(model, tmp_path):
    history = fit(
        *(model, *diagnostic_callbacks(), ProgressLogger(), EMAWeights()),
        *(kh.PCKhCallback(verbose=0), kh.TensorBoardLogger(tmp_path)),
        epochs=2,
    )
    assert len(history["val_pckh_ankle"]) == 2
    assert any(tmp_path.glob("events.out.tfevents.*"))


def test_validation_in_every_second_epoch_alone(model, tmp_path):
    history = fit(
        *(model, *diagnostic_callbacks(), ProgressLogger(), EMAWeights()),
        *(kh.PCKhCallback(verbose=0), kh.TensorBoardLogger(tmp_path)),
        validation_freq=2,
    )
    assert len(history["loss"]) == 4 and len(history["val_pckh"]) == 2
    assert len(history["val_pckh_ankle"]) == 2


@pytest.mark.skipif(BACKEND == "torch", reason="Keras takes single steps on PyTorch")
def test_several_steps_in_one_execution():
    """Compiled, since Keras takes several steps only then."""
    model = built(steps_per_execution=2)
    callbacks = [*diagnostic_callbacks(), ProgressLogger(), EMAWeights()]
    history = fit(model, *callbacks, kh.PCKhCallback(verbose=0), epochs=2)
    assert int(model.optimizer.iterations) == 6
    assert np.isfinite(history["val_loss"]).all()
    single = built()
    expected = fit(single, epochs=2)
    assert expected.keys() <= history.keys()


SOURCES = ["arrays", "PyDataset", "tf.data"]


class Batches(keras.utils.PyDataset):
    """The arrays of a `fit`, two samples at a time."""

    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return len(self.arrays[0]) // 2

    def __getitem__(self, batch):
        return tuple(array[2 * batch : 2 * batch + 2] for array in self.arrays)


def source_of(kind, *arrays):
    """Arguments of `fit` and `evaluate`: images, labels and sample weights."""
    if kind == "arrays":
        return {**dict(zip(("x", "y", "sample_weight"), arrays)), "batch_size": 2}
    if kind == "PyDataset":
        return {"x": Batches(*arrays)}
    import tensorflow as tf

    return {"x": tf.data.Dataset.from_tensor_slices(arrays).batch(2)}


def labels_of(model, wrong):
    """Labels at the joints that the network predicts, those of `wrong` people apart."""
    points, _ = decode(keras.ops.convert_to_tensor(model(IMAGES))[:, -1])
    labels = LABELS.copy()
    labels[..., :2] = keras.ops.convert_to_numpy(points)
    labels[wrong, :, 0] += 5
    return labels


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 16)])
@pytest.mark.parametrize("source", SOURCES)
def test_sample_weights_of_0_leave_people_out(eager, source, shape):
    if source == "tf.data" and BACKEND != "tensorflow":
        pytest.importorskip("tensorflow")
    model, wrong = built(), [1, 2, 5]
    model.compile("sgd", kh.HeatmapLoss(), weighted_metrics=[kh.PCKh()])
    labels, weights = labels_of(model, wrong), np.ones(shape, "float32")
    whole = source_of(source, IMAGES, labels)
    assert model.evaluate(**whole, verbose=0)[1] == pytest.approx(50, abs=5)
    weights[wrong] = 0
    arrays = source_of(source, IMAGES, labels, weights)
    loss, pckh = model.evaluate(**arrays, verbose=0)
    assert pckh == 100
    right = [row for row in range(6) if row not in wrong]
    alone = model.evaluate(IMAGES[right], labels[right], verbose=0)
    assert loss == pytest.approx(alone[0] / 2, rel=1e-4)


@pytest.mark.parametrize("source", SOURCES)
def test_people_of_weight_0_teach_nothing_whatever_their_labels(eager, source):
    if source == "tf.data" and BACKEND != "tensorflow":
        pytest.importorskip("tensorflow")
    weights = np.array([1, 0, 2, 0, 1, 0], "float32")
    learned = []
    for value in (3.0, np.nan):
        model, labels = built(), LABELS.copy()
        model.compile(keras.optimizers.SGD(1e-3), kh.HeatmapLoss())
        labels[1::2] = value
        data = source_of(source, IMAGES, labels, weights)
        model.fit(**data, epochs=1, shuffle=False, verbose=0)
        learned.append(model.get_weights())
    for one, another in zip(*learned):
        assert np.isfinite(one).all()
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_training_in_sixteen_bits_is_refused_in_a_sentence(eager, dtype):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        model = built()
    finally:
        keras.config.set_dtype_policy(policy)
    with pytest.raises(ValueError, match=f"'mixed_bfloat16'.*Received: {dtype}"):
        model.fit(IMAGES, LABELS, verbose=0)
    keras.config.set_floatx(dtype)
    try:
        model = built()
        with pytest.raises(ValueError, match=f"'mixed_bfloat16'.*Received: {dtype}"):
            model.train_on_batch(IMAGES, LABELS)
        metric = kh.PCKh(skeleton="mpii")
        assert {variable.dtype for variable in metric.variables} == {"float32"}
        assert kh.HeatmapLoss().dtype == "float32"
    finally:
        keras.config.set_floatx("float32")


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_learns(eager, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        history = fit(built(), epochs=4, validation_data=None)
    finally:
        keras.config.set_dtype_policy(before)
    assert history["loss"][-1] < history["loss"][0]
