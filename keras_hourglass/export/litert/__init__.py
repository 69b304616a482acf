"""Networks for LiteRT (once TensorFlow Lite): phones, boards, browsers.

https://ai.google.dev/edge/litert
"""

from pathlib import Path

import numpy as np

from keras_hourglass.choices import hint
from keras_hourglass.export import checking
from keras_hourglass.export import crops as people
from keras_hourglass.export.about import about, refuse_unusable
from keras_hourglass.export.from_crops import FromCrops
from keras_hourglass.export.litert.converting import PRECISIONS, converted
from keras_hourglass.export.litert.joining import joined
from keras_hourglass.export.runtimes import litert as opened
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
    path = Path(directory, f"hourglass{_ending(precision)}.tflite")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside:
        write(model, beside, precision, calibrating, batch_size)
        allowed = limit(precision)
        checking.require_close(opened(beside), model, checked, allowed, path.name)
    return path


def write(model, path, precision="float32", calibrating=(), batch_size: int = 1):
    """Writes the file that is named, and does not look at it; see `export`."""
    graphs = FromCrops(model)
    batches = (np.repeat(crop[None], batch_size, 0) for crop in calibrating)
    network = converted(graphs.heatmaps(batch_size), precision, batches)
    decoder = converted(graphs.joints(batch_size))
    facts = about(model) | {"precision": precision, "batch_size": batch_size}
    Path(path).write_bytes(joined(network, decoder, facts))


def _ending(precision):
    return "" if precision == "float32" else f"_{precision}"
