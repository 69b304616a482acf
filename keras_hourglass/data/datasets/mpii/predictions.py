"""Predictions for MPII's validation people, and the published ground truth."""

from pathlib import Path

import h5py
import numpy as np

from keras_hourglass.data.datasets.mpii.json_format import HEAD_BOXES, published_heads
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import describe_parse_error
from keras_hourglass.utils.files import suffix_of

SHAPE = (2958, 16, 2)


def load_ground_truth(root):
    """Loads the joints of the 2,958 validation people, as published for evaluation.

    Args:
        root: Folder with `detections_our_format.mat`, itself or in its `annotations/`.

    Returns:
        joints: `(2958, 16, 2)`, MPII pixels, counted from 1, NaN where absent.
        heads: `(2958,)`, head sizes, MPII pixels.
    """
    path = files.find_file(files.require_folder(root, "mpii"), HEAD_BOXES)
    joints = np.moveaxis(files.read_matlab(path, "pos_gt_src"), -1, 0).astype(float)
    joints[files.read_matlab(path, "jnt_missing").T.astype(bool)] = np.nan
    return joints, published_heads(path)


def read_predictions(path) -> np.ndarray:
    """Reads predictions for the validation people, in the published order.

    Args:
        path: Of a `.mat` or `.h5` file with `preds`, counted from 1 as in all published
            files, or a `.npz` or `.json` file with `preds` and `origin`, the number
            (0 or 1) from which pixels are counted.

    Returns:
        `(2958, 16, 2)`, MPII pixels, counted from 1.

    Raises:
        DatasetError: If the file does not hold such predictions.
    """
    path = Path(path)
    if suffix_of(path) not in READERS:
        raise files.DatasetError(
            f"`predictions` must end in one of {[*READERS]}. Received: {path}"
        )
    try:
        predictions, origin = READERS[suffix_of(path)](path)
        predictions = np.asarray(predictions, float)
        if int(origin) not in (0, 1):
            raise ValueError(f"`origin` must be 0 or 1, not {origin}")
    except FileNotFoundError:
        raise
    except files.DatasetError:
        raise
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise files.DatasetError(
            f"{path} has no usable predictions: {describe_parse_error(error)}"
        ) from None
    for axes in [(0, 1, 2), (2, 1, 0), (2, 0, 1)]:  # of NumPy, HDF5 and MATLAB
        if predictions.ndim == 3 and predictions.transpose(axes).shape == SHAPE:
            return predictions.transpose(axes) + 1 - int(origin)
    raise files.DatasetError(
        f"{path}: `preds` must be {SHAPE}. Received: {predictions.shape}"
    )


def prediction_errors(predictions, joints, heads) -> np.ndarray:
    """Computes errors in head sizes.

    Returns:
        `(people, joints)`: NaN for absent joints, infinite for those that are predicted
        to be nowhere, as NaN.
    """
    errors = np.linalg.norm(predictions - joints, axis=-1) / heads[:, None]
    errors[np.isnan(errors)] = np.inf
    return np.where(np.isnan(joints).any(-1), np.nan, errors)


def _read_mat(path):
    return files.read_matlab(path, "preds"), 1


def _read_hdf5(path):
    with h5py.File(path) as file:
        return file["preds"][:], 1


def _read_npz(path):
    with np.load(path) as arrays:
        return arrays["preds"], arrays["origin"]


def _read_json(path):
    contents = files.read_json(path)
    return contents["preds"], contents["origin"]


READERS = {".mat": _read_mat, ".h5": _read_hdf5, ".npz": _read_npz, ".json": _read_json}
