"""Networks for LiteRT (once TensorFlow Lite): phones, boards, browsers.

https://ai.google.dev/edge/litert
"""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_hourglass.choices import hint
from keras_hourglass.export import checking
from keras_hourglass.export import crops as people
from keras_hourglass.export.about import about, refuse_unusable
from keras_hourglass.export.from_crops import FromCrops
from keras_hourglass.export.litert.converting import PRECISIONS, converted
from keras_hourglass.export.litert.joining import SIGNATURE, joined
from keras_hourglass.replacing import replacing


def limit(precision: str = "float32") -> checking.Limit:
    """How far its joints may be off."""
    limits = (checking.EXACT, checking.ROUNDED, checking.QUANTIZED)
    return dict(zip(PRECISIONS, limits))[precision]


def export(
    model, directory, precision: str = "float32", crops=None, batch_size: int = 1
) -> Path:
    """Writes a file for LiteRT.

    Args:
        model: A `StackedHourglass`.
        directory: Of the file.
        precision: "float32"; "float16", in which weights are kept; or "int8", in
            which the network computes. The decoder is float32.
        crops: `(people, height, width, 3)`, uint8: what is calibrated and checked on.
            By default, people that the library draws.
        batch_size: People that it looks at at once, always as many.

    Returns:
        The file.

    Raises:
        ValueError: If joints are further off than they may.
    """
    if precision not in PRECISIONS:
        raise ValueError(
            f"`precision` must be one of those known. {hint(precision, PRECISIONS)} "
            f"Received: precision={precision!r}"
        )
    refuse_unusable(model)
    calibrating, checked = people.parted(
        people.drawn(model) if crops is None else crops
    )
    graphs = FromCrops(model)
    batches = (np.repeat(crop[None], batch_size, 0) for crop in calibrating)
    network = converted(graphs.heatmaps(batch_size), precision, batches)
    decoder = converted(graphs.joints(batch_size))
    facts = about(model) | {"precision": precision, "batch_size": batch_size}
    path = Path(directory, f"hourglass{_ending(precision)}.tflite")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside:
        beside.write_bytes(joined(network, decoder, facts))
        allowed = limit(precision)
        checking.require_close(opened(beside), model, checked, allowed, path.name)
    return path


def opened(path, threads: int | None = None):
    """A function from crops, any number, to what a file answers, by name."""
    run = _interpreter()(
        model_path=str(path), num_threads=threads or os.cpu_count()
    ).get_signature_runner(SIGNATURE)
    batch = run.get_input_details()["crops"]["shape"][0]

    def answer(crops):
        blank = np.zeros((-len(crops) % batch, *crops.shape[1:]), crops.dtype)
        filled = np.concatenate([crops, blank])
        parts = [
            run(crops=filled[start : start + batch])
            for start in range(0, len(filled), batch)
        ]
        return {
            name: np.concatenate([part[name] for part in parts])[: len(crops)]
            for name in parts[0]
        }

    return answer


def _ending(precision):
    return "" if precision == "float32" else f"_{precision}"


def _interpreter():
    """LiteRT's own, where it is installed, else the one in TensorFlow."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ModuleNotFoundError:
        return tf.lite.Interpreter
    return Interpreter
