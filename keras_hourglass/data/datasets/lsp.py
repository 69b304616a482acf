"""Leeds Sports Pose and its extension: people with 14 joints each, in `joints.mat`.

Johnson, Everingham. Clustered Pose and Nonlinear Appearance Models for Human Pose
Estimation, BMVC 2010. http://sam.johnson.io/research/lsp.html
Johnson, Everingham. Learning Effective Human Pose Estimation from Inaccurate
Annotation, CVPR 2011. http://sam.johnson.io/research/lspet.html

Although the file is MATLAB's, pixels count from 0: joints were marked on web pages and
scaled together with the images, to fractions of a pixel. Measured on 100 joints of the
extension that a trained network finds, too, labels lie 0.4 +- 0.3 pixels to the right
of the network's keypoints and 0.9 +- 0.3 above them; counted from 1, they would lie one
pixel to the right and one below.
"""

import numpy as np

from keras_hourglass.data import warp
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import NO_JOINT, SkipPerson, collect_people
from keras_hourglass.skeletons import LSP

ANNOTATION = "joints.mat"
NUM_TRAIN = 1000  # of LSP; the other thousand is the usual test set


def load_lsp(root) -> People:
    """Loads the 2,000 people of LSP: the first half as "train", the other as "val".

    All joints are labeled, including hidden ones.

    Args:
        root: Folder with `joints.mat` and `images/im0001.jpg` to `im2000.jpg`.
    """
    root = files.require_folder(root, "lsp")
    path, joints = _read_joints(root, "lsp", (3, len(LSP.joints)))
    people = joints.transpose(2, 1, 0)
    visible, people[..., 2] = people[..., 2] == 0, 1
    return _collect(path, people, "im{:04}.jpg", NUM_TRAIN, root, visible)


def load_lspet(root) -> People:
    """Loads the 10,000 people of the extension, all of them as "train".

    Args:
        root: Folder with `joints.mat` and `images/im00001.jpg` to `im10000.jpg`.
    """
    root = files.require_folder(root, "lspet")
    path, joints = _read_joints(root, "lspet", (len(LSP.joints), 3))
    people = joints.transpose(2, 0, 1)
    visible = np.full(people.shape[:2], np.nan)
    return _collect(path, people, "im{:05}.jpg", len(people), root, visible)


def _read_joints(root, dataset, shape):
    """Returns the annotation's path, and its array `(*shape, people)`."""
    path = files.find_file(root, ANNOTATION)
    joints = np.array(files.read_matlab(path, "joints"))
    if joints.ndim != 3 or joints.shape[:2] != shape or joints.dtype.kind not in "fiu":
        raise files.DatasetError(
            f"{path} of {dataset} must hold `joints` of shape {(*shape, 'people')}. "
            f"Received: {joints.dtype} {joints.shape}"
        )
    return path, joints.astype(float)


def _collect(path, people, pattern, num_train, root, visible):
    """Collects `(N, 14, 3)` people: x, y, labeled; and `(N, 14)` visibility."""
    entries = []
    for number, joints in enumerate(people):
        image, split = pattern.format(number + 1), "train"
        if number >= num_train:
            split = "val"
        name = f"{image} ({path}, person {number})"
        entries.append((name, (image, split, joints, visible[number])))
    return collect_people(entries, parse_person, LSP, path, root / "images")


def parse_person(entry) -> dict:
    """Makes a row of an image, a split, joints `(14, 3)` and their visibility `(14,)`.

    Raises:
        SkipPerson: If no joint is labeled.
    """
    image, split, joints, visible = entry
    labeled = joints[:, 2] > 0
    if not labeled.any():
        raise SkipPerson(NO_JOINT)
    return {
        "image": image,
        "split": split,
        "joints": joints[:, :2],
        "weights": labeled,
        "visible": visible,
        "num_others": np.nan,  # one person per image is labeled, even in groups
        **warp.window_of_joints(joints[:, :2], labeled),
    }
