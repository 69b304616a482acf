"""Files for TensorFlow Serving: versions, configurations and warm-up requests.

Versions of a network are folders: DIR/1, DIR/2, ... The configurations are next to
them. Warm-up requests are in each version, and a server runs them before it takes
others. They are `PredictionLog` messages, of which few fields are needed: those are
encoded here, without the package that has the messages.

Tests run all this against a stand-in that speaks TensorFlow Serving's protocols, not
against TensorFlow Serving itself.

https://www.tensorflow.org/tfx/serving/saved_model_warmup
"""

import os
import shutil
from itertools import count
from pathlib import Path

import tensorflow as tf

from keras_hourglass.utils.files import TEMPORARY_MARK, atomic_write, name_write_errors

BATCH_SIZES = (1, 2, 4, 8, 16)  # that a server groups requests into, and warms up
BATCHING = """\
# tensorflow_model_server --enable_batching --batching_parameters_file=THIS
# Requests that come at the same time run together. On a CPU leave out the lines with
# allowed_batch_sizes: the padding of a batch is work, too.
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
    # Two versions at once, say, to return to the one before without a pause:
    # model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
  }}
}}
"""


def write_configs(directory):
    """Writes the configurations that are missing: changed ones stay as they are.

    Args:
        directory: Folder of the versions, whose name is the network's.
    """
    directory = Path(directory)
    sizes = "\n".join(f"allowed_batch_sizes: {size}" for size in BATCH_SIZES)
    texts = {
        "batching.config": BATCHING.format(largest=max(BATCH_SIZES), sizes=sizes),
        "models.config": MODELS.format(name=directory.resolve().name),
    }
    for name, text in texts.items():
        if not (directory / name).exists():
            with atomic_write(directory / name) as draft:
                draft.write_text(text)


def publish_version(directory, write) -> Path:
    """Writes a new version, which gets its number only once it is complete.

    A server that watches the directory never reads half of one. Configurations that
    are missing are written, too.

    Args:
        directory: Folder of the versions; made if it is missing.
        write: Called with the path of a folder to make.

    Returns:
        The folder of the version: the next integer above all that exist.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    draft = directory / f".version.{os.getpid()}{TEMPORARY_MARK}"
    shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed
    try:
        with name_write_errors(directory, draft):
            write(draft)
        for number in count(latest_version(directory) + 1):
            path = directory / str(number)
            try:
                os.rename(draft, path)
                break
            except OSError:  # another process was quicker
                if not path.exists():
                    raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    write_configs(directory)
    return path


def latest_version(directory) -> int:
    """The highest number of a version, 0 if there is none."""
    names = (path.name for path in Path(directory).iterdir())
    return max((int(name) for name in names if name.isdecimal()), default=0)


WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"
LENGTH_DELIMITED = 2  # wire type of a field of bytes, in protocol buffers
# Numbers of fields, in the files of that name under tensorflow_serving/apis.
PREDICT_LOG, REQUEST = 6, 1  # prediction_log.proto
MODEL_SPEC, INPUTS = 1, 2  # predict.proto
SIGNATURE_NAME = 3  # model.proto
KEY, VALUE = 1, 2  # of a map


def write_warm_up(path, requests):
    """Writes warm-up requests.

    Args:
        path: Path of the file.
        requests: Pairs of a signature's name and its inputs, arrays by name.
    """
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            writer.write(encode_request(signature, inputs))


def encode_request(signature: str, inputs: dict) -> bytes:
    """Encodes a `PredictionLog` of one request."""
    request = _field(MODEL_SPEC, _field(SIGNATURE_NAME, signature.encode()))
    for name, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(INPUTS, _field(KEY, name.encode()) + _field(VALUE, tensor))
    return _field(PREDICT_LOG, _field(REQUEST, request))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Encodes seven bits in a byte, the lowest first; the eighth: more follow."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
