"""Leeds Sports Pose, and the ten thousand of its extension, with MATLAB's `joints.mat`.

Johnson, Everingham. Clustered Pose and Nonlinear Appearance Models for Human Pose
Estimation, BMVC 2010. http://sam.johnson.io/research/lsp.html
Johnson, Everingham. Learning Effective Human Pose Estimation from Inaccurate
Annotation, CVPR 2011. http://sam.johnson.io/research/lspet.html

Though kept by MATLAB, their pixels count from 0: they were marked on web pages and
scaled with the pictures, fractions and all. Where a second network found the same joint
of the extension, the label lies 0.4 +- 0.3 pixels to its right and 0.9 +- 0.3 above it
(100 joints); counted from 1 it would lie one to the right and one below.
"""

from pathlib import Path

import numpy as np

from keras_hourglass.data import warp
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import NO_JOINT, SkipPerson, collect_people
from keras_hourglass.skeletons import LSP

ANNOTATION = "joints.mat"
TRAINING = 1000  # of the first dataset; the other thousand is what everybody tests on


def load_lsp(root, faults=None) -> People:
    """Its 2,000 people, the first half to train, the other `val`.

    All joints are labelled, also those that something hides.

    Args:
        root: Folder with `joints.mat` and `images/im0001.jpg`, and so on.
        faults: See `reading.gather`.
    """
    path, held = _read(root, "lsp", (3, len(LSP.joints)))
    people = held.transpose(2, 1, 0)
    seen, people[..., 2] = people[..., 2] == 0, 1
    return _people(path, people, "im{:04}.jpg", TRAINING, root, faults, seen)


def load_lspet(root, faults=None) -> People:
    """The 10,000 people of the extension, who all train.

    Args:
        root: Folder with `joints.mat` and `images/im00001.jpg`, and so on.
        faults: See `reading.gather`.
    """
    path, held = _read(root, "lspet", (len(LSP.joints), 3))
    people = held.transpose(2, 0, 1)
    return _people(path, people, "im{:05}.jpg", len(people), root, faults)


def _read(root, dataset, shape):
    """The file, and its array: `shape` and the number of people."""
    path = files.find_file(files.require_folder(root, dataset), ANNOTATION)
    held = np.array(files.read_matlab(path, "joints"))
    if held.ndim != 3 or held.shape[:2] != shape or held.dtype.kind not in "fiu":
        raise files.DatasetError(
            f"{path} of {dataset} must hold `joints` of shape {(*shape, 'people')}. "
            f"Received: {held.dtype} {held.shape}"
        )
    return path, held.astype(float)


def _people(path, people, pattern, training, root, faults, seen=None):
    """Of `(N, 14, 3)`: x, y, and whether labelled; `(N, 14)` whether seen, if known."""
    seen = np.full(people.shape[:2], np.nan) if seen is None else seen
    entries = (
        (
            f"{picture} ({path}, person {number})",
            (picture, split, joints, seen[number]),
        )
        for number, joints in enumerate(people)
        for picture in [pattern.format(number + 1)]
        for split in ["train" if number < training else "val"]
    )
    return collect_people(
        entries, parse_person, LSP, path, Path(root) / "images", faults
    )


def parse_person(entry) -> dict:
    """A row of a picture, a split, joints `(14, 3)` and which of them are seen.

    Raises:
        LeftOut: If no joint is labelled.
    """
    picture, split, joints, seen = entry
    used = joints[:, 2] > 0
    if not used.any():
        raise SkipPerson(NO_JOINT)
    return {
        "image": picture,
        "split": split,
        "joints": joints[:, :2],
        "weights": used,
        "visible": seen,
        "num_others": np.nan,  # one person per image is labelled
        **warp.window_of_joints(joints[:, :2], used),
    }
