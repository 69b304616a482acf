"""The requests by which a server warms a network up before it takes others.

A file of TensorFlow Serving's `PredictionLog` messages, of which a few fields are
needed: they are written by hand, so that nobody needs its package for them.
https://www.tensorflow.org/tfx/serving/saved_model_warmup
"""

import tensorflow as tf

FILE = "assets.extra/tf_serving_warmup_requests"
LENGTH_DELIMITED = 2  # how protocol buffers mark a field of bytes
# Numbers of fields, in the files of that name under tensorflow_serving/apis.
PREDICT_LOG, REQUEST = 6, 1  # prediction_log.proto
MODEL_SPEC, INPUTS = 1, 2  # predict.proto
SIGNATURE_NAME = 3  # model.proto
KEY, VALUE = 1, 2  # of a map


def write(path, requests):
    """Writes requests.

    Args:
        path: Of the file.
        requests: Pairs of a signature's name and its inputs, arrays by name.
    """
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            writer.write(record(signature, inputs))


def record(signature: str, inputs: dict) -> bytes:
    """A `PredictionLog` of one request."""
    request = _field(MODEL_SPEC, _field(SIGNATURE_NAME, signature.encode()))
    for name, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(INPUTS, _field(KEY, name.encode()) + _field(VALUE, tensor))
    return _field(PREDICT_LOG, _field(REQUEST, request))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
