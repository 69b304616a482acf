"""Packaged weights: a compact file format, verified by its digest.

A network is packaged twice: its weights for Keras, `.npz`, and its inference form as
LiteRT runs it, `.tflite`.

Kernels are stored in 16 bits; biases, norms and their statistics, which are few and
sensitive to rounding, in 32. All weights of a kind form one array: one HDF5 group for
each of a thousand small arrays would take more space than the weights.
"""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_hourglass.utils.files import atomic_write

FOLDER = Path(__file__).parent
KINDS = {"kernels": "float16", "others": "float32"}


class Weights(NamedTuple):
    """A file in this folder, and its SHA-256 in hexadecimal digits."""

    file: str
    digest: str


def weights_path(weights: Weights) -> Path:
    """Returns the path of packaged weights, after milliseconds to verify the digest.

    Raises:
        ValueError: If the file is damaged or missing.
    """
    path = FOLDER / weights.file
    digest = digest_of(path) if path.is_file() else "no file"
    if digest != weights.digest:
        raise ValueError(
            f"{path} is damaged, please reinstall the package: its SHA-256 must be "
            f"{weights.digest}. Received: {digest}"
        )
    return path


def load_weights(model, weights: Weights):
    """Loads packaged weights into a model.

    Raises:
        ValueError: If the file is damaged.
    """
    unpack_weights(model, weights_path(weights))


def pack_weights(model, path) -> Weights:
    """Writes the weights of a model in the format of the package.

    Args:
        model: A Keras model.
        path: Path of the file to write, which ends in `.npz`.

    Returns:
        The name and the digest of the file.
    """
    values = [np.asarray(value, "float32") for value in model.get_weights()]
    flat = {
        kind: np.concatenate([v.ravel() for v in values if kind_of(v) == kind])
        for kind in KINDS
    }
    with atomic_write(path) as temporary:
        planes = {k: _to_planes(v.astype(KINDS[k])) for k, v in flat.items()}
        np.savez_compressed(temporary, **planes)
    return Weights(Path(path).name, digest_of(path))


def _to_planes(values: np.ndarray) -> np.ndarray:
    """All first bytes of some numbers, then all second: `(bytes, numbers)`, uint8.

    They compress by 7 % better: the high bytes of weights resemble each other.
    """
    pairs = values.view("uint8").reshape(len(values), values.itemsize)
    return np.ascontiguousarray(pairs.T)


def _from_planes(planes: np.ndarray, dtype: str) -> np.ndarray:
    """Undoes `_to_planes`; files before version 0.5 hold the numbers themselves."""
    if planes.ndim == 1:
        return planes
    return np.ascontiguousarray(planes.T).view(dtype)[:, 0]


def unpack_weights(model, path):
    """Loads into a model the weights that `pack_weights` wrote of one like it.

    Raises:
        ValueError: If the file holds more or fewer weights than the model.
    """
    current = model.get_weights()
    with np.load(path) as file:
        flat = {
            kind: _from_planes(file[kind], dtype).astype("float32")
            for kind, dtype in KINDS.items()
        }
    for kind, values in flat.items():
        needed = sum(value.size for value in current if kind_of(value) == kind)
        if len(values) != needed:
            raise ValueError(
                f"{path} must hold the model's {needed:,} {kind}. "
                f"Received: {len(values):,}"
            )
    weights = []
    for value in current:
        kind = kind_of(value)
        weights.append(flat[kind][: value.size].reshape(value.shape))
        flat[kind] = flat[kind][value.size :]
    model.set_weights(weights)


def kind_of(value: np.ndarray) -> str:
    """Returns the key of `KINDS` under which an array is stored."""
    return "kernels" if value.ndim > 1 else "others"


def digest_of(path) -> str:
    """Computes the SHA-256 of a file, in hexadecimal digits."""
    return sha256(Path(path).read_bytes()).hexdigest()
