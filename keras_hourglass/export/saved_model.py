"""Networks as SavedModels that take pictures and answer with joints on them."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from keras_hourglass.data.datasets.synthetic.drawing import draw
from keras_hourglass.export import serving, verification
from keras_hourglass.export.graph import Signatures
from keras_hourglass.export.metadata import describe_model, refuse_unusable
from keras_hourglass.heatmaps.decode import DEFAULT_DECODER
from keras_hourglass.inference.runtimes import saved_model as opened
from keras_hourglass.models.fusion.network import fuse

MAX_PIXELS = 2**25  # 100 MB decoded, of a stranger's picture; a few are, side by side


def export(
    model,
    directory,
    most_pixels: int = MAX_PIXELS,
    crops=None,
    decoder: str = DEFAULT_DECODER,
) -> Path:
    """Writes the next version for TensorFlow Serving.

    Args:
        model: A `StackedHourglass`.
        directory: Of all versions.
        most_pixels: Of a picture; with more, it is refused before it is decoded.
        crops: `(people, height, width, 3)`, uint8: what is checked on. Without them
            nothing is: it is TensorFlow that wrote it.
        decoder: A key of `heatmaps.DECODERS`.

    Returns:
        The version's folder.

    Raises:
        ValueError: If joints are further off than they may.
    """
    refuse_unusable(model)

    def checked(beside):
        write_saved_model(model, beside, most_pixels, decoder)
        if crops is not None:
            some, answer = verification.calibration_split(crops)[1], opened(beside)
            verification.require_close(
                answer, model, some, error_limit(), "a version", decoder
            )

    version = serving.publish(directory, checked)
    serving.write_configs(directory)
    return version


def write_saved_model(
    model, folder, most_pixels: int = MAX_PIXELS, decoder: str = DEFAULT_DECODER
):
    """Writes a SavedModel as the folder that is named; see `export`."""
    served = Signatures(fuse(model), model, most_pixels, decoder)
    facts = describe_model(model) | {"decoder": decoder, "signatures": served.texts}
    with TemporaryDirectory() as drafts:
        draft = Path(drafts, "about.json")
        draft.write_text(json.dumps(facts, indent=2) + "\n")
        served.about = tf.saved_model.Asset(str(draft))
        tf.saved_model.save(served, str(folder), served.graphs)
    _document(Path(folder, "saved_model.pb"), served.texts)
    records = Path(folder, serving.FILE)
    records.parent.mkdir()
    serving.write_warm_up(records, requests(model.image_size))


def error_limit() -> verification.ErrorLimit:
    """How far its joints may be off."""
    return verification.EXACT


def requests(image_size):
    """What a server is warmed up with: each signature, at each size of a batch."""
    height, width = image_size
    picture = draw(0, 0)[0]
    jpeg = tf.io.encode_jpeg(picture).numpy()
    box = np.array([[0, 0, *picture.shape[1::-1]]], "float32")
    crop = tf.image.resize(picture, image_size).numpy().round().astype("uint8")
    for count in serving.BATCHES:
        pictures = np.array([jpeg] * count, object)
        yield "serving_default", {"image_bytes": pictures}
        boxes = np.repeat(box, count, 0)
        yield "serve_boxes", {"image_bytes": pictures, "boxes": boxes}
        yield "serve_crops", {"crops": np.repeat(crop[None], count, 0)}


def _document(path, texts):
    """Puts texts where a graph keeps the description of a function."""
    saved = SavedModel.FromString(path.read_bytes())
    for graph in saved.meta_graphs:
        functions = {f.signature.name: f for f in graph.graph_def.library.function}
        calls = {node.name: node for node in graph.graph_def.node}
        for name, text in texts.items():
            answer = next(iter(graph.signature_def[name].outputs.values()))
            call = calls[answer.name.split(":")[0]]
            functions[call.attr["f"].func.name].signature.description = text
    path.write_bytes(saved.SerializeToString(deterministic=True))
