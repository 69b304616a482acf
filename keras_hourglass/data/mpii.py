"""MPII Human Pose: its people, in this library's conventions.

Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de

Everything peculiar to MPII stays in this file: pixels counted from 1, sizes in
units of 200 pixels, head boxes whose diagonal overstates the head, and which of
its training people everybody validates on.
"""

from importlib.resources import files as package_files
from pathlib import Path
from zlib import error as ZlibError

import numpy as np
import scipy.io

from keras_hourglass.data import files
from keras_hourglass.data.gather import LeftOut, gather, numbered
from keras_hourglass.data.people import People
from keras_hourglass.skeleton import MPII

UNIT = 200  # pixels of standing height in one unit of `scale`
MARGIN = 1.25  # the crop is larger than the person, to keep hands and feet
DROP = 15  # pixels per unit of `scale`: the labelled center sits high on the body
HEAD = 0.6  # of the head box's diagonal is the head, says the official evaluation
LACKING = "no joints, center or scale"
HEAD_OF_SCALE = 25  # pixels per unit of `scale`: the same length, to 0.02 %

MATLAB = "mpii_human_pose_v1_u12_1.mat"
JSON = ("mpii_annotations.json", "mpii_annotations.json.gz")
HEAD_BOXES = "detections_our_format.mat"
UNREADABLE = (  # what scipy raises for bytes, and Python for fields, of another kind
    *(AttributeError, LookupError, NotImplementedError, OSError, TypeError, ValueError),
    *(scipy.io.matlab.MatReadError, ZlibError),
)


def load(root, faults=None) -> People:
    """The annotated people of MPII's training images, `val` ones among them.

    Args:
        root: Folder with `images/` and, beside or in `annotations/`, the official
            `.mat` or the community's `mpii_annotations.json`.
        faults: See `gather.gather`.
    """
    root = files.folder(root, "mpii")
    if path := files.find(root, MATLAB):
        entries, read = from_matlab(path)
    elif path := files.find(root, *JSON):
        entries, read = from_json(path, files.find(root, HEAD_BOXES))
    else:
        raise files.DatasetError(
            f"`root` must hold {MATLAB} or {JSON[0]}, itself or in its "
            f"`annotations/`. Received: root={str(root)!r}"
        )
    return gather(entries, read, MPII, path, root / "images", faults)


def validation_pairs() -> list[tuple[int, int]]:
    """(image, person), both counted from 1, of the 2,958 validation people.

    In the order in which published predictions list them. The choice is that of
    Tompson et al., Joint Training of a Convolutional Network and a Graphical Model,
    2014, https://arxiv.org/abs/1406.2984, which all later work uses.
    """
    listed = package_files("keras_hourglass.data") / "mpii_validation.csv"
    with listed.open() as file:
        return [tuple(map(int, line.split(","))) for line in file]


def person(objpos, scale, joints, head_box=None) -> dict:
    """One person, in this library's conventions.

    Args:
        objpos: `(2,)`, x before y, in MPII pixels.
        scale: Height of the person, in units of 200 pixels.
        joints: `(16, 2)`, x before y, in MPII pixels; (0, 0) where absent.
        head_box: `(2, 2)`, two opposite corners, in MPII pixels, where published.

    Raises:
        LeftOut: If there is no joint or no scale.
    """
    if not np.any(joints) or not scale > 0:
        raise LeftOut(LACKING)
    head = HEAD_OF_SCALE * scale
    if head_box is not None and np.all(np.isfinite(head_box)):
        head = HEAD * np.linalg.norm(np.subtract(*head_box))
    return {
        "center": np.subtract(objpos, 1) + (0, DROP * scale),
        "side": UNIT * MARGIN * scale,
        "joints": np.subtract(joints, 1),
        "weights": np.any(joints, axis=-1),
        "head_size": head,
    }


def from_json(path: Path, heads: Path | None = None):
    """The entries of the community's JSON, and what reads one; see `gather.gather`.

    Args:
        path: Of the JSON, which lists joints, scales and the validation people.
        heads: A `.mat` with the validation people's head boxes, in the same order.
    """
    listed = files.read_json(path)
    if not isinstance(listed, list):
        raise files.DatasetError(f"{path} must hold a list of people")
    boxes = iter(())
    if heads is not None:
        boxes = iter(np.moveaxis(scipy.io.loadmat(heads)["headboxes_src"], -1, 0))

    def read(entry):
        validation = bool(entry["isValidation"])
        head_box = next(boxes, None) if validation else None
        joints = np.array(entry["joint_self"], float).reshape(16, 3)[:, :2]
        return {
            **person(entry["objpos"], entry["scale_provided"], joints, head_box),
            "picture": entry["img_paths"],
            "split": "val" if validation else "train",
        }

    return numbered(path, listed, "img_paths"), read


def from_matlab(path: Path):
    """The entries of the official `.mat`, and what reads one; see `gather.gather`."""
    try:
        release = scipy.io.loadmat(path, struct_as_record=False, squeeze_me=True)[
            "RELEASE"
        ]
        in_training = np.atleast_1d(release.img_train).astype(bool)
        listed = [
            (str(entry.image.name), np.atleast_1d(entry.annorect))
            for entry in np.atleast_1d(release.annolist)
        ]
    except UNREADABLE as error:
        raise files.DatasetError(f"{path} is not MPII's annotation: {error}") from None
    validation = {*validation_pairs()}
    entries = (
        (
            f"{picture} ({path}, image {image}, person {number})",
            (rect, picture, "val" if (image, number) in validation else "train"),
        )
        for image, (picture, rects) in enumerate(listed, 1)
        if in_training[image - 1]
        for number, rect in enumerate(rects, 1)
    )
    return entries, _from_rect


def _from_rect(entry):
    """A person of an `annorect`, of which anything may be missing."""
    rect, picture, split = entry
    points = np.atleast_1d(getattr(getattr(rect, "annopoints", None), "point", []))
    objpos = _numbers(getattr(rect, "objpos", None), "x", "y")
    scale, box = _numbers(rect, "scale"), _numbers(rect, "x1", "y1", "x2", "y2")
    joints = np.zeros((16, 2))
    for point in points:
        if (found := _numbers(point, "id", "x", "y")) is not None:
            joints[range(16)[int(found[0])]] = found[1:]
    if objpos is None or scale is None:
        raise LeftOut(LACKING)
    corners = None if box is None else box.reshape(2, 2)
    return {
        **person(objpos, scale[0], joints, corners),
        "picture": picture,
        "split": split,
    }


def _numbers(struct, *names):
    """The fields of a struct, `(names,)`; None if one is missing or empty."""
    values = [np.ravel(getattr(struct, name, [])) for name in names]
    whole = all(value.size == 1 for value in values)
    return np.concatenate(values).astype(float) if whole else None
