"""Export to SavedModel: from the bytes of images to keypoints on them.

https://www.tensorflow.org/guide/saved_model
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from keras_hourglass.data.datasets.synthetic.scene import draw_image
from keras_hourglass.export.graph import load_export_detector
from keras_hourglass.export.metadata import describe_detector, describe_model
from keras_hourglass.export.saved_model import serving
from keras_hourglass.export.saved_model.signatures import Signatures
from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.inference.runtimes.metadata import METADATA_NAME
from keras_hourglass.inference.runtimes.selection import AUTO
from keras_hourglass.models.fusion.network import fuse

MAX_PIXELS = 2**25  # 100 MB decoded, of an untrusted image; a few are, side by side


def write(
    model,
    path,
    decoder: str = DEFAULT_DECODER,
    max_pixels: int = MAX_PIXELS,
    detector=AUTO,
) -> None:
    """Writes a SavedModel, with warm-up requests for TensorFlow Serving.

    Args:
        model: A `StackedHourglass`.
        path: Path of the folder.
        decoder: One of `heatmaps.DECODER_NAMES`.
        max_pixels: Most pixels of an image. One with more is refused before it is
            decoded.
        detector: That of the signature `serve_people`; None leaves that signature
            out. See `load_export_detector`.
    """
    detector, about = load_export_detector(detector, model), {}
    if detector is not None:
        about = {"detector": describe_detector(detector, model)}
        detector = fuse(detector)
    served = Signatures(fuse(model), model, max_pixels, decoder, detector)
    facts = describe_model(model, decoder, signatures=served.texts, **about)
    with TemporaryDirectory() as folder:
        asset = Path(folder, METADATA_NAME)
        asset.write_text(json.dumps(facts, indent=2) + "\n")
        served.metadata = tf.saved_model.Asset(str(asset))
        tf.saved_model.save(served, str(path), served.graphs)
    _set_descriptions(Path(path, "saved_model.pb"), served.texts)
    records = Path(path, serving.WARM_UP_FILE)
    records.parent.mkdir()
    requests = warm_up_requests(model.image_size, detector is not None)
    serving.write_warm_up(records, requests)


def warm_up_requests(image_size: tuple[int, int], people: bool = True):
    """Requests of each signature, at each batch size.

    Args:
        image_size: Height and width of the network's crops.
        people: Whether `serve_people` is among them.

    Yields:
        Pairs of a signature's name and its inputs, arrays by name.
    """
    image = draw_image(0, 0)[0]
    jpeg = tf.io.encode_jpeg(image).numpy()
    box = np.array([[0, 0, *image.shape[1::-1]]], "float32")
    crop = tf.image.resize(image, image_size).numpy().round().astype("uint8")
    for count in serving.BATCH_SIZES:
        images = np.array([jpeg] * count, object)
        yield "serving_default", {"image_bytes": images}
        boxes = np.repeat(box, count, 0)
        yield "serve_boxes", {"image_bytes": images, "boxes": boxes}
        if people:
            yield "serve_people", {"image_bytes": images}
        yield "serve_crops", {"crops": np.repeat(crop[None], count, 0)}


def _set_descriptions(path, texts):
    """Puts texts where a graph keeps the description of a function."""
    saved = SavedModel.FromString(path.read_bytes())
    for graph in saved.meta_graphs:
        functions = {f.signature.name: f for f in graph.graph_def.library.function}
        calls = {node.name: node for node in graph.graph_def.node}
        for name, text in texts.items():
            output = next(iter(graph.signature_def[name].outputs.values()))
            call = calls[output.name.split(":")[0]]
            functions[call.attr["f"].func.name].signature.description = text
    path.write_bytes(saved.SerializeToString(deterministic=True))
