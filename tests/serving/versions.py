"""Versions of a SavedModel, loaded when they appear."""

import threading
from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

WARM_UP = "assets.extra/tf_serving_warmup_requests"


class Version:
    """One version, through the loader and the session that TensorFlow Serving uses."""

    def __init__(self, folder):
        self.number = int(folder.name)
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        with self.session.graph.as_default():
            loaded = tf.compat.v1.saved_model.load(self.session, ["serve"], str(folder))
        self.signatures = loaded.signature_def
        records = tf.compat.v1.io.tf_record_iterator(str(folder / WARM_UP))
        for request in (
            PredictionLog.FromString(r).predict_log.request for r in records
        ):
            inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
            self.run(request.model_spec.signature_name, inputs)

    def run(self, name, inputs):
        """Returns outputs by name.

        Raises:
            KeyError, ValueError: If there is no such signature, or its inputs differ.
            tf.errors.OpError: If the graph says so.
        """
        signature = self.signatures[name or "serving_default"]
        if {*inputs} != {*signature.inputs}:
            raise ValueError(f"inputs must be {[*signature.inputs]}: {[*inputs]}")
        for key, value in inputs.items():
            if tf.as_dtype(value.dtype) != signature.inputs[key].dtype:
                raise ValueError(f"{key} must have another type than {value.dtype}")
        feed = {signature.inputs[key].name: value for key, value in inputs.items()}
        fetches = {key: info.name for key, info in signature.outputs.items()}
        return self.session.run(fetches, feed)


class Versions:
    """The highest version of a folder, and any that is still answering.

    Args:
        folder: Folder of versions, which is read repeatedly.
        seconds: Time between two reads.
    """

    def __init__(self, folder, seconds: float = 0.2):
        self.folder, self.seconds, self.current = Path(folder), seconds, None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        while not self.ended.wait(0 if self.current is None else self.seconds):
            numbers = [int(p.name) for p in self.folder.iterdir() if p.name.isdecimal()]
            highest = max(numbers, default=0)
            if highest > (self.current.number if self.current else 0):
                self.current = Version(self.folder / str(highest))
