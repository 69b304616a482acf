"""Warm-up records are what TensorFlow Serving's own package reads."""

import numpy as np
import pytest
import tensorflow as tf

from keras_hourglass.export import saved_model, serving
from keras_hourglass.export.serving import BATCHES

LOG = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2").PredictionLog


def test_records_come_back_through_the_official_messages(tmp_path):
    inputs = {"image_bytes": np.array([b"\0x" * 200, b""], object)}
    inputs |= {"boxes": np.arange(8, dtype="float32").reshape(2, 4)}
    serving.write_warm_up(tmp_path / "requests", [("serve_boxes", inputs)] * 2)
    dataset = tf.data.TFRecordDataset(str(tmp_path / "requests"))
    for data in dataset.as_numpy_iterator():
        request = LOG.FromString(data).predict_log.request
        assert request.model_spec.signature_name == "serve_boxes"
        assert {*request.inputs} == {*inputs}
        for name, value in inputs.items():
            found = tf.make_ndarray(request.inputs[name])
            assert found.dtype == value.dtype
            np.testing.assert_array_equal(found, value)


def test_each_signature_is_asked_at_each_size_of_a_batch():
    asked = [
        (name, len(next(iter(inputs.values()))))
        for name, inputs in saved_model.requests((64, 96))
    ]
    names = {"serving_default", "serve_boxes", "serve_crops"}
    assert {*asked} == {(name, count) for name in names for count in BATCHES}
    *_, (_, inputs) = saved_model.requests((64, 96))
    assert inputs["crops"].shape == (BATCHES[-1], 64, 96, 3)
