"""Files of predictions for MPII's validation people, and what they should say."""

from pathlib import Path

import h5py
import numpy as np

from keras_hourglass.data.datasets.mpii.json_format import HEAD_BOXES, published_heads
from keras_hourglass.data.readers import files

SHAPE = (2958, 16, 2)


def load_ground_truth(root):
    """The joints of the 2,958 validation people, as published for evaluation.

    Args:
        root: Folder with `detections_our_format.mat`, itself or in `annotations/`.

    Returns:
        joints `(2958, 16, 2)`, MPII pixels, counted from 1, NaN where absent; and
        heads `(2958,)`, MPII pixels.
    """
    path = files.find_file(files.require_folder(root, "mpii"), HEAD_BOXES)
    joints = np.moveaxis(files.read_matlab(path, "pos_gt_src"), -1, 0).astype(float)
    joints[files.read_matlab(path, "jnt_missing").T.astype(bool)] = np.nan
    return joints, published_heads(path)


def read_predictions(path) -> np.ndarray:
    """Predictions `(2958, 16, 2)`, MPII pixels, counted from 1, in published order.

    `.mat` and `.h5` hold `preds`, counted from 1 as all published ones are. `.npz` and
    `.json` hold `preds` and `origin`: 0 or 1, what the first pixel is counted as.

    Raises:
        DatasetError: If the file does not hold that.
    """
    path = Path(path)
    if path.suffix not in READERS:
        raise files.DatasetError(
            f"`predictions` must end in one of {[*READERS]}. Received: {path}"
        )
    try:
        predictions, origin = READERS[path.suffix](path)
        predictions = np.asarray(predictions, float)
        if int(origin) not in (0, 1):
            raise ValueError(f"`origin` must be 0 or 1, not {origin}")
    except FileNotFoundError:
        raise
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise files.DatasetError(f"{path} has no usable predictions: {error}") from None
    for axes in [(0, 1, 2), (2, 1, 0), (2, 0, 1)]:  # as MATLAB and HDF5 turn them
        if predictions.ndim == 3 and predictions.transpose(axes).shape == SHAPE:
            return predictions.transpose(axes) + 1 - int(origin)
    raise files.DatasetError(
        f"{path}: `preds` must be {SHAPE}. Received: {predictions.shape}"
    )


def prediction_errors(predictions, joints, heads) -> np.ndarray:
    """`(people, joints)`: distances in head sizes, NaN where a joint is absent."""
    return np.linalg.norm(predictions - joints, axis=-1) / heads[:, None]


def _matlab(path):
    return files.read_matlab(path, "preds"), 1


def _hdf5(path):
    with h5py.File(path) as file:
        return file["preds"][:], 1


def _numpy(path):
    with np.load(path) as held:
        return held["preds"], held["origin"]


def _json(path):
    held = files.read_json(path)
    return held["preds"], held["origin"]


READERS = {".mat": _matlab, ".h5": _hdf5, ".npz": _numpy, ".json": _json}
