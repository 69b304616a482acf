"""MPII's annotation as one JSON list, the form that most PyTorch code reads."""

from pathlib import Path

import numpy as np

from keras_hourglass.data.datasets.mpii.conventions import head_size, to_person
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import with_names

NAMES = ("mpii_annotations.json",)
HEAD_BOXES = "detections_our_format.mat"  # of the validation people, in JSON's order


def read_entries(path: Path):
    """Returns the file's people and the function that parses one.

    See `collect_people`. Head boxes are used where `HEAD_BOXES` lies beside the file.
    """
    entries = files.read_json(path)
    if not isinstance(entries, list):
        raise files.DatasetError(
            f"{path} must hold a list of people, each with `img_paths` and `joint_self`"
        )
    boxes = files.find_files(path.parent, HEAD_BOXES)
    heads = iter(published_heads(*boxes) if boxes else ())

    def parse(entry):
        validation = bool(entry["isValidation"])
        head = next(heads, None) if validation else None
        *joints, visible = np.array(entry["joint_self"], float).reshape(16, 3).T
        joints = np.stack(joints, axis=-1)
        return {
            **to_person(entry["objpos"], entry["scale_provided"], joints, head),
            "visible": visible > 0,
            "image": entry["img_paths"],
            "split": "val" if validation else "train",
        }

    return with_names(path, entries, "img_paths"), parse


def published_heads(path: Path) -> np.ndarray:
    """Reads the `(2958,)` head sizes of the validation people, in MPII pixels."""
    return head_size(np.moveaxis(files.read_matlab(path, "headboxes_src"), -1, 0))
