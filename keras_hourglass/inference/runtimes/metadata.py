"""Metadata of exported files: task, sizes and input of a network, and its joints.

`export` writes the same facts in every format. They are read without TensorFlow, and
without Keras.
"""

import json
import struct
from pathlib import Path
from xml.etree import ElementTree

from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.inference.runtimes.base import damaged
from keras_hourglass.inference.views import WINDOW_RULES
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.utils.files import suffix_of

METADATA_NAME = "about.json"  # of a SavedModel's asset, and of LiteRT's metadata entry
LITERT_IDENTIFIER = b"TFL3"  # bytes 4 to 7 of a file
OPENVINO_SECTION = "keras_hourglass"  # in the `rt_info` of an `.xml` file
METADATA_VERSION = 2
INPUT = {"layout": "NHWC", "channels": "RGB", "dtype": "uint8", "range": [0, 255]}
OLD_NAMES = {"licence": "license"}  # of version 0.1
DEFAULTS = {  # of what older files do not say
    "metadata_version": 1,
    "task": "pose",
    "input": INPUT,
    "precision": "float32",
}
POSE_DEFAULTS = {
    "limbs": [],
    "offset": [0.0, 0.0],
    "calibration": None,
    "window": WINDOW_RULES,
    "decoder": DEFAULT_DECODER,
}


def read_metadata(path) -> dict:
    """Reads what an exported file says of its network.

    Args:
        path: Folder of a SavedModel's version; or a `.tflite`, `.onnx` or `.xml` file.

    Returns:
        `metadata_version`; `task`, "pose" or "detect"; `name`; `image_size` and
        `heatmap_size`, height before width; `input`: the `layout`, `channels`, `dtype`
        and `range` of the crops; `precision`, `parameters`, `version` (of this
        library), `license`, `made_by`, and what the format adds. Of a network for
        poses `joints` in the order of the keypoints, `limbs` and `flip_pairs` (pairs of
        joints); `skeleton`, all of it, as `Skeleton.get_config` gives it; `offset`: x
        and y, heatmap pixels that decoding adds; `calibration`: slope and intercept of
        the scores, or None; `window`: the `WINDOW_RULES` of `inference.views`; and
        `decoder`.

        Of files before version 0.5, whose `metadata_version` is 1, what they lack is
        that of `DEFAULTS` and `POSE_DEFAULTS`; pairs are derived from the names of the
        joints. Older files have no `skeleton`.

    Raises:
        ValueError: If the file is damaged, of another kind, or was not written by
            `export`.
        FileNotFoundError: If there is no such file.
        ModuleNotFoundError: If the package that reads it is missing.
    """
    path = Path(path)
    reader = _read_saved_model if path.is_dir() else READERS.get(suffix_of(path))
    if reader is None:
        raise ValueError(
            "`path` must be a folder of a SavedModel, or a file that ends in "
            f"{', '.join(READERS)}. Received: path={str(path)!r}"
        )
    try:
        facts = reader(path)
    except (ModuleNotFoundError, FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # each reader raises its own for damaged files
        raise damaged(path, error) from error
    if not facts or not isinstance(facts, dict):
        raise ValueError(f"{path} has no metadata of `keras_hourglass.export`")
    facts = {OLD_NAMES.get(name, name): fact for name, fact in facts.items()}
    try:
        return _complete(facts)
    except (TypeError, ValueError) as error:  # of the joints
        raise damaged(path, error) from error


def _complete(facts):
    """Adds what files of older versions do not say."""
    facts = DEFAULTS | facts
    if facts["task"] == "pose":
        facts = POSE_DEFAULTS | facts
    if "flip_pairs" not in facts and "joints" in facts:
        pairs = Skeleton(facts["joints"]).flip_pairs
        facts["flip_pairs"] = [list(pair) for pair in pairs]
    if "version" not in facts:
        facts["version"] = facts.get("made_by", "").rpartition(" ")[2]
    return facts


def _read_saved_model(path):
    asset = path / "assets" / METADATA_NAME
    return json.loads(asset.read_text()) if asset.is_file() else {}


def _read_litert(path):
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ModuleNotFoundError:
        from tensorflow.lite.python import schema_py_generated as schema
    data = path.read_bytes()
    if data[4:8] != LITERT_IDENTIFIER:
        raise ValueError("this is not a LiteRT file")
    try:
        model = schema.Model.GetRootAs(data, 0)
        entries = [model.Metadata(index) for index in range(model.MetadataLength())]
        texts = {
            entry.Name(): model.Buffers(entry.Buffer()).DataAsNumpy()
            for entry in entries
            if entry.Name() == METADATA_NAME.encode()
        }
    except (struct.error, IndexError, TypeError, ValueError):
        raise ValueError("it ends too early") from None
    return json.loads(next(iter(texts.values())).tobytes()) if texts else {}


def _read_onnx(path):
    import onnxruntime

    options, levels = onnxruntime.SessionOptions(), onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_DISABLE_ALL  # it is not run
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    return _from_strings(session.get_modelmeta().custom_metadata_map)


def _read_openvino(path):
    section = ElementTree.parse(path).find(f"rt_info/{OPENVINO_SECTION}")
    entries = () if section is None else section
    return _from_strings({entry.tag: entry.get("value") for entry in entries})


def _from_strings(texts):
    """Undoes `export.metadata.to_strings`."""
    return {
        name: json.loads(text) if _is_json(text) else text
        for name, text in texts.items()
    }


def _is_json(text):
    return text[:1] in "[{" or text.isdecimal() or text == "null"


READERS = {".tflite": _read_litert, ".onnx": _read_onnx, ".xml": _read_openvino}
