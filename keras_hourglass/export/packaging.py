"""Makes the packaged files of networks, and prints their digests for `PRESETS`.

    python -m keras_hourglass.export.packaging DIR MODEL... [--bits 8]

writes DIR/NAME.npz, the weights, and DIR/NAME.tflite, the inference form with weights
in 16 bits, of each MODEL: a preset with weights, or a `.keras` file, whose NAME is that
of the file.

Wheels are compressed, but the lower bits of weights are noise, which cannot be. With
fewer significant bits than the 11 of float16, the others are zeros.
"""

import argparse
from pathlib import Path

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from keras_hourglass.export import litert
from keras_hourglass.models.loading import load_model
from keras_hourglass.models.weights import Weights, digest_of, kind_of, pack_weights

FLOAT16_BITS = 11  # significant ones, that which is not stored among them


def main(directory, models, bits: int = FLOAT16_BITS):
    """Writes the files of networks.

    Args:
        directory: Folder of the files.
        models: Presets, or paths of `.keras` files.
        bits: Significant bits of kernels, 1 to 11.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    for name in models:
        model = load_model(name)
        calibration = getattr(model, "calibration", None)  # stays that of rounded ones
        path = folder / f"{Path(name).stem}.tflite"
        litert.write(model, path, precision="float16")
        round_constants(path, bits)
        round_kernels(model, bits)
        print(pack_weights(model, path.with_suffix(".npz")))
        print(Weights(path.name, digest_of(path)))
        print(f"{calibration=}")


def round_kernels(model, bits: int):
    """Rounds the kernels of a model; biases and norms stay as they are."""
    model.set_weights(
        [
            round_bits(value, bits) if kind_of(value) == "kernels" else value
            for value in model.get_weights()
        ]
    )


def round_constants(path: Path, bits: int):
    """Rounds the kernels in 16 bits of a LiteRT file: its norms are kernels, too."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes())
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            buffer = model.buffers[tensor.buffer]
            if tensor.type == schema.TensorType.FLOAT16 and len(tensor.shape) > 1:
                values = np.frombuffer(bytes(buffer.data), "float16")
                buffer.data = round_bits(values, bits).tobytes()
    path.write_bytes(litert.pack(model))


def round_bits(values: np.ndarray, bits: int) -> np.ndarray:
    """Rounds numbers to float16 with few significant bits."""
    dropped = FLOAT16_BITS - bits
    if not 0 <= dropped < FLOAT16_BITS:
        raise ValueError(f"`bits` must be from 1 to {FLOAT16_BITS}. Received: {bits=}")
    patterns = np.asarray(values, "float16").view("uint16")
    half = (1 << dropped) >> 1
    return ((patterns + half) >> dropped << dropped).astype("uint16").view("float16")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--bits", type=int, default=FLOAT16_BITS)
    main(**vars(parser.parse_args()))
