"""Files for TensorFlow Serving: versions, and warm-up requests."""

import threading

import numpy as np
import pytest
import tensorflow as tf

from keras_hourglass.export import saved_model
from keras_hourglass.export.saved_model import serving
from keras_hourglass.export.saved_model.serving import (
    BATCH_SIZES,
    latest_version,
    publish_version,
)


def fill(text):
    def write(folder):
        folder.mkdir()
        (folder / "model").write_text(text)

    return write


def test_each_version_is_the_next_integer_above_all_others(tmp_path):
    assert publish_version(tmp_path / "new", fill("a")).name == "1"
    for name in ("3", "0012", "x7", ".13"):
        (tmp_path / "new" / name).mkdir()
    assert publish_version(tmp_path / "new", fill("b")) == tmp_path / "new/13"
    assert (tmp_path / "new/1/model").read_text() == "a" and latest_version(
        tmp_path
    ) == 0


def test_a_failure_leaves_nothing(tmp_path):
    def write(folder):
        fill("half")(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_version(tmp_path, write)
    assert list(tmp_path.iterdir()) == []


def test_a_version_of_another_process_is_not_overwritten(tmp_path):
    def write(folder):
        fill("mine")(folder)
        fill("theirs")(tmp_path / "1")

    assert publish_version(tmp_path, write) == tmp_path / "2"
    assert (tmp_path / "1/model").read_text() == "theirs"


def test_a_version_is_complete_as_soon_as_it_exists(tmp_path):
    versions, ended = [], threading.Event()

    def watch():
        while not ended.is_set():
            for path in tmp_path.iterdir():
                if path.name.isdecimal():
                    versions.append((path / "model").read_text())

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(20):
        publish_version(tmp_path, fill("whole"))
    ended.set()
    watcher.join()
    assert latest_version(tmp_path) == 20 and set(versions) <= {"whole"}


def test_records_come_back_through_the_official_messages(tmp_path):
    messages = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    inputs = {"image_bytes": np.array([b"\0x" * 200, b""], object)}
    inputs |= {"boxes": np.arange(8, dtype="float32").reshape(2, 4)}
    serving.write_warm_up(tmp_path / "requests", [("serve_boxes", inputs)] * 2)
    dataset = tf.data.TFRecordDataset(str(tmp_path / "requests"))
    for data in dataset.as_numpy_iterator():
        request = messages.PredictionLog.FromString(data).predict_log.request
        assert request.model_spec.signature_name == "serve_boxes"
        assert {*request.inputs} == {*inputs}
        for name, value in inputs.items():
            tensor = tf.make_ndarray(request.inputs[name])
            assert tensor.dtype == value.dtype
            np.testing.assert_array_equal(tensor, value)


def test_each_signature_is_requested_at_each_batch_size():
    requested = [
        (name, len(next(iter(inputs.values()))))
        for name, inputs in saved_model.warm_up_requests((64, 96))
    ]
    names = {"serving_default", "serve_boxes", "serve_crops", "serve_people"}
    assert {*requested} == {(name, count) for name in names for count in BATCH_SIZES}
    *_, (_, inputs) = saved_model.warm_up_requests((64, 96))
    assert inputs["crops"].shape == (BATCH_SIZES[-1], 64, 96, 3)
