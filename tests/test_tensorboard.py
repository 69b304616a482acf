"""TensorBoard logs, read back as TensorBoard reads them."""

import cv2
import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_hourglass import HeatmapLoss, PCKh, PCKhCallback
from keras_hourglass.callbacks.tensorboard import TensorBoardLogger

IMAGE = np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype="uint8")
TEXTS = {"configuration": "```json\n{}\n```"}


def fit(folder, optimizer, epochs=2, initial_epoch=0):
    """The smallest network with heatmaps, two steps to an epoch."""
    images = keras.Input((8, 8, 3), name="images")
    heatmaps = keras.layers.Conv2D(16, 1, name="heatmaps")(images)
    stacks = keras.layers.Reshape((1, 8, 8, 16), name="stacks")(heatmaps)
    model = keras.Model(images, stacks)
    model.compile(optimizer, HeatmapLoss(), metrics=[PCKh(skeleton="mpii")])
    data = np.zeros((4, 8, 8, 3), "float32"), np.ones((4, 16, 4), "float32")
    log = TensorBoardLogger(folder, lambda: {"sheet": IMAGE}, TEXTS)
    return model.fit(
        *data,
        batch_size=2,
        epochs=epochs,
        initial_epoch=initial_epoch,
        validation_data=data,
        callbacks=[PCKhCallback(verbose=0), log],
        verbose=0,
    )


def events_of(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "scaled"])
def test_everything_is_read_back_as_it_was_written(tmp_path, scaled, eager):
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.5, 0.25])
    optimizer = keras.optimizers.SGD(rates)
    if scaled:  # as Keras does for float16
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)
    history = fit(tmp_path, optimizer).history
    events = events_of(tmp_path)
    for name in ("loss", "val_loss", "pckh", "val_pckh", "val_pckh_wrist"):
        read = [event.value for event in events.Scalars(name)]
        np.testing.assert_allclose(read, history[name], rtol=1e-6)
    assert [event.value for event in events.Scalars("learning_rate")] == [0.5, 0.25]
    assert "learning_rate" not in history
    image = events.Images("sheet")[1]
    assert (image.height, image.width, image.step) == (8, 6, 1)
    pixels = cv2.imdecode(np.frombuffer(image.encoded_image_string, "u1"), 1)
    np.testing.assert_array_equal(pixels[..., ::-1], IMAGE)
    assert events.SummaryMetadata("configuration").plugin_data.plugin_name == "text"
    (text,) = events.Tensors("configuration")
    assert text.tensor_proto.string_val == [TEXTS["configuration"].encode()]
    (text,) = events.Tensors("summary")
    (summary,) = text.tensor_proto.string_val
    assert all(name in summary.decode() for name in ("images", "heatmaps", "stacks"))


def test_a_run_that_goes_on_appends(tmp_path, eager):
    for first in (0, 2):
        keras.utils.clear_session()
        fit(tmp_path, "sgd", epochs=first + 2, initial_epoch=first)
    events = events_of(tmp_path)
    for read in (events.Scalars("loss"), events.Images("sheet")):
        assert [event.step for event in read] == [0, 1, 2, 3]
    assert len(events.Tensors("configuration")) == 1


def test_a_full_disk_is_an_error_of_fit_that_names_the_file(
    tmp_path, small_disk, eager, capfd
):
    with small_disk(2000), pytest.raises(OSError) as raised:
        fit(tmp_path, "sgd")
    (path,) = tmp_path.iterdir()
    assert raised.value.filename == str(path)
    assert "Traceback" not in capfd.readouterr().err
