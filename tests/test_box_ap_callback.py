import keras
import numpy as np
import pytest

from keras_hourglass import BoxAP, BoxAPCallback, CenterLoss, PersonDetector
from keras_hourglass.callbacks.diagnostics import diagnostic_callbacks

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (2, 32, 32, 3), dtype="uint8")
LABELS = np.tile(np.float32([[2, 1, 4, 6, 1]]), (2, 1, 1))


@pytest.fixture
def fit(eager):
    """Trains a detector of one convolution for two epochs."""
    images = keras.Input((32, 32, 3))
    maps = keras.layers.Conv2D(5, 4, strides=4)(images / 255)
    model = keras.Model(images, keras.layers.Reshape((1, 8, 8, 5))(maps))

    def fit(*callbacks, metrics, **options):
        model.compile("adam", CenterLoss(), metrics=metrics)
        data = {"validation_data": (IMAGES, LABELS), "verbose": 0, **options}
        return model.fit(IMAGES, LABELS, epochs=2, callbacks=callbacks, **data).history

    return fit


def test_table_is_the_metric_with_its_recall(fit):
    lines = []
    callback = BoxAPCallback(others={"other": Batches()}, print_fn=lines.append)
    history = fit(*diagnostic_callbacks(metric="box_ap"), callback, metrics=[BoxAP()])
    assert history["other_box_ap"] == pytest.approx(history["val_box_ap"])
    assert len(history["val_box_ap_recall"]) == 2 and len(lines) == 4
    _, title, names, numbers = lines[-2].split("\n")
    assert (title, names.split()) == ("Boxes@0.5, %", ["recall", "AP"])
    shown = [history["val_box_ap_recall"][-1], history["val_box_ap"][-1]]
    np.testing.assert_allclose([*map(float, numbers.split())], shown, atol=0.01)
    assert lines[-1].startswith("other: AP ")


def test_without_the_metric_it_is_an_error(fit):
    with pytest.raises(ValueError, match="must hold a BoxAP"):
        fit(BoxAPCallback(), metrics=[])


def test_a_detector_learns_one_photograph_by_heart():
    keras.utils.set_random_seed(0)
    sizes = {"filters": 16, "stem_filters": 8, "depth": 1, "image_size": 32}
    model = PersonDetector(block="residual", **sizes)
    model.compile(keras.optimizers.Adam(0.01), CenterLoss(), metrics=[BoxAP()])
    dataset = Batches(repeats=60)
    history = model.fit(dataset, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    maps = model(IMAGES, training=True)
    boxes, scores = map(keras.ops.convert_to_numpy, model.decode(maps))
    assert (scores[:, 0] > 0.5).all() and (scores[:, 1:] < scores[:, :1]).all()
    np.testing.assert_allclose(boxes[:, 0], LABELS[:, 0, :4], atol=0.5)


class Batches(keras.utils.PyDataset):
    """The two photographs, again and again."""

    def __init__(self, repeats=1):
        super().__init__()
        self.repeats = repeats

    def __len__(self):
        return self.repeats

    def __getitem__(self, index):
        return IMAGES, LABELS
