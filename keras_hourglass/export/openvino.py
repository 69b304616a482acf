"""Networks for OpenVINO, Intel's runtime. https://docs.openvino.ai"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from keras_hourglass.export import verification
from keras_hourglass.export.graph import CropGraphs
from keras_hourglass.export.metadata import (
    describe_model,
    refuse_unusable,
    require_extra,
    to_texts,
)
from keras_hourglass.inference.runtimes import openvino as opened
from keras_hourglass.utils import TEMPORARY_MARK

ROOM = "keras_hourglass"  # in a file's `rt_info`


def error_limit() -> verification.ErrorLimit:
    """How far its joints may be off."""
    return verification.EXACT


def export(model, directory, crops=None) -> Path:
    """Writes a network for OpenVINO, for any number of people at once.

    Args:
        model: A `StackedHourglass`.
        directory: Of the two files, `.xml` and `.bin`.
        crops: `(people, height, width, 3)`, uint8: what is checked on. By default,
            people that the library draws.

    Returns:
        The `.xml`.

    Raises:
        ValueError: If joints are further off than they may.
        ModuleNotFoundError: If the package is missing.
    """
    require_extra("openvino", "openvino")
    refuse_unusable(model)
    crops = verification.synthetic_crops(model) if crops is None else crops
    path = Path(directory, "hourglass.xml")
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=TEMPORARY_MARK, dir=path.parent) as beside:
        draft = Path(beside, path.name)
        write_openvino(model, draft)
        _, checked = verification.calibration_split(crops)
        verification.require_close(
            opened(draft), model, checked, error_limit(), path.name
        )
        path.unlink(missing_ok=True)  # never the old one beside new weights
        for ending in (".bin", ".xml"):
            os.replace(draft.with_suffix(ending), path.with_suffix(ending))
    return path


def write_openvino(model, path):
    """Writes the files that are named, and does not look at them."""
    (openvino,) = require_extra("openvino", "openvino")
    graph = CropGraphs(model).whole()
    network = openvino.convert_model(graph.get_concrete_function())
    for name, text in to_texts(describe_model(model)).items():
        network.set_rt_info(text, [ROOM, name])
    openvino.save_model(network, path, compress_to_fp16=False)
