"""Weights that the package carries: written small, and checked when they are read.

Kernels are kept in 16 bits; biases, norms and their statistics, which are few and in
which small differences matter, in 32. Two long arrays in one file: a group of HDF5 for
each of a thousand small arrays would take more room than the weights.
"""

from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_hourglass.utils import atomic_write

KINDS = {"kernels": "float16", "others": "float32"}


class Weights(NamedTuple):
    """A file in this folder, and the SHA-256 of its bytes."""

    file: str
    digest: str


def load_weights(model, weights: Weights):
    """Gives a model the weights of a file of the package.

    Raises:
        ValueError: If the file is not the one that was shipped.
    """
    with as_file(files(__name__) / weights.file) as path:
        if (found := digest_of(path)) != weights.digest:
            raise ValueError(
                f"{path} is damaged, install the package anew: its SHA-256 must be "
                f"{weights.digest}. Received: {found}"
            )
        unpack_weights(model, path)


def pack_weights(model, path) -> Weights:
    """Writes a model's weights as the package carries them.

    Args:
        model: A Keras model.
        path: Of the file, which ends in `.npz`.
    """
    values = [np.asarray(value, "float32") for value in model.get_weights()]
    flat = {
        kind: np.concatenate([v.ravel() for v in values if kind_of(v) == kind])
        for kind in KINDS
    }
    with atomic_write(path) as beside:
        np.savez_compressed(beside, **{k: v.astype(KINDS[k]) for k, v in flat.items()})
    return Weights(Path(path).name, digest_of(path))


def unpack_weights(model, path):
    """Gives a model the weights of a file that `pack` wrote of one like it.

    Raises:
        ValueError: If the file holds more or fewer weights than the model has.
    """
    shapes = model.get_weights()
    with np.load(path) as held:
        flat = {kind: held[kind].astype("float32") for kind in KINDS}
    for kind, values in flat.items():
        needed = sum(shape.size for shape in shapes if kind_of(shape) == kind)
        if len(values) != needed:
            raise ValueError(
                f"{path} must hold the model's {needed:,} {kind}. "
                f"Received: {len(values):,}"
            )
    weights = []
    for shape in shapes:
        kind = kind_of(shape)
        weights.append(flat[kind][: shape.size].reshape(shape.shape))
        flat[kind] = flat[kind][shape.size :]
    model.set_weights(weights)


def kind_of(value: np.ndarray) -> str:
    """Which key of `KINDS` an array of a model is kept under."""
    return "kernels" if value.ndim > 1 else "others"


def digest_of(path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    return sha256(Path(path).read_bytes()).hexdigest()
