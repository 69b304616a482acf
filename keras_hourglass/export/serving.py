"""Files that a server is started with, beside the versions of a network.

Folders of versions as TensorFlow Serving reads them: DIR/1, DIR/2, ...

The requests by which a server warms a network up before it takes others.

A file of TensorFlow Serving's `PredictionLog` messages, of which a few fields are
needed: they are written by hand, so that nobody needs its package for them.
https://www.tensorflow.org/tfx/serving/saved_model_warmup
"""

import os
import shutil
from itertools import count
from pathlib import Path

import tensorflow as tf

from keras_hourglass.utils import TEMPORARY_MARK, atomic_write

BATCHES = (1, 2, 4, 8, 16)  # sizes that a server makes of requests, and warms up
BATCHING = """\
# tensorflow_model_server --enable_batching --batching_parameters_file=THIS
# Requests that come at the same time run together. On a CPU leave out the lines with
# allowed_batch_sizes: what fills a batch up is work, too.
max_batch_size {{ value: {largest} }}
batch_timeout_micros {{ value: 2000 }}
max_enqueued_batches {{ value: 100 }}
num_batch_threads {{ value: 2 }}
{sizes}
"""
MODELS = """\
# tensorflow_model_server --model_config_file=THIS
model_config_list {{
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
    # Two versions at once, say, to go back to the one before without a pause:
    # model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
  }}
}}
"""


def write_configs(directory):
    """Writes those that are not there: what somebody has changed stays as it is."""
    directory = Path(directory)
    sizes = "\n".join(f"allowed_batch_sizes: {size}" for size in BATCHES)
    texts = {
        "batching.config": BATCHING.format(largest=max(BATCHES), sizes=sizes),
        "models.config": MODELS.format(name=directory.resolve().name),
    }
    for name, text in texts.items():
        if not (directory / name).exists():
            with atomic_write(directory / name) as beside:
                beside.write_text(text)


def publish(directory, write) -> Path:
    """Writes a new version beside the others, and only then gives it its number.

    A server that watches the directory never sees half of one.

    Args:
        directory: Of all versions; made if it is not there.
        write: Is called with the path of a folder to make.

    Returns:
        The folder of the version: the next integer above all that are there.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    beside = directory / f".version.{os.getpid()}{TEMPORARY_MARK}"
    try:
        write(beside)
        for number in count(latest(directory) + 1):
            try:
                os.rename(beside, directory / str(number))
                return directory / str(number)
            except OSError:  # another process was quicker
                if not (directory / str(number)).exists():
                    raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def latest(directory) -> int:
    """The highest number of a version, 0 where there is none."""
    names = (path.name for path in Path(directory).iterdir())
    return max((int(name) for name in names if name.isdecimal()), default=0)


FILE = "assets.extra/tf_serving_warmup_requests"
LENGTH_DELIMITED = 2  # how protocol buffers mark a field of bytes
# Numbers of fields, in the files of that name under tensorflow_serving/apis.
PREDICT_LOG, REQUEST = 6, 1  # prediction_log.proto
MODEL_SPEC, INPUTS = 1, 2  # predict.proto
SIGNATURE_NAME = 3  # model.proto
KEY, VALUE = 1, 2  # of a map


def write_warm_up(path, requests):
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
