"""Writes the results of tensorflow-addons to a file that tests compare with.

tensorflow-addons is at its end of life and cannot be imported with TensorFlow 2.16 or
later, so this runs in a separate environment. `tox -e addons` makes such an
environment and checks the file. To write it again, on Python 3.11:

pip install tensorflow==2.15.1 tensorflow-addons==0.23.0 "numpy<2"
python tests/golden/addons.py

The file holds inputs and results:

picture: `(height, width, 3)`, uint8.
names, maps: `(maps,)` and `(maps, 8)`, from pixels of the result to those of the
    picture, as `tfa.image.transform` takes them.
warped_float32, warped_uint8: `(maps, height, width, 3)`, what the warped images.
start_*: Weights before the first step, by name.
gradients_*: `(steps, ...)`, the gradients of each step.
rate, decay: The learning rate, and the weight decay of AdamW.
adamw_*, lamb_*, rmsprop_*: `(steps, ...)`, the weights after each step.
"""

import argparse
from math import cos, radians, sin
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

FILE = Path(__file__).with_suffix(".npz")
WIDTH, HEIGHT = 26, 18
SHAPES = {"kernel": (3, 4), "bias": (4,)}
STEPS = 6
RATE, DECAY = 0.01, 0.001
OPTIMIZERS = {
    "adamw": lambda: tfa.optimizers.AdamW(DECAY, RATE),
    "lamb": lambda: tfa.optimizers.LAMB(RATE),
    # Not of tensorflow-addons, but as old, with the constants of the paper's code:
    # here, as there, epsilon is outside the square root.
    "rmsprop": lambda: tf.keras.optimizers.legacy.RMSprop(RATE, 0.99, epsilon=1e-8),
}


def similarity(degrees=0.0, scale=1.0, mirror=1, across=0.0, along=0.0):
    """A map that rotates, scales and mirrors about the center, then translates."""
    c, s = scale * cos(radians(degrees)), scale * sin(radians(degrees))
    matrix = np.array([[mirror * c, -s], [mirror * s, c]])
    middle = np.array([WIDTH - 1, HEIGHT - 1]) / 2
    offset = middle - matrix @ middle + (across, along)
    return np.append(np.column_stack([matrix, offset]), [0, 0])


MAPS = {
    "as it is": similarity(),
    "flip": similarity(mirror=-1),
    "whole shift": similarity(across=3, along=-2),
    "fractional shift": similarity(across=0.3, along=-1.6),
    "enlarged": similarity(scale=0.55),
    "shrunk": similarity(scale=1.7),
    "turn": similarity(degrees=30),
    "all at once": similarity(-70, 0.8, -1, 1.25, 0.4),
}


def warps():
    # Noise: no pixel is like the next, so that reading a wrong one shows.
    picture = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), "uint8")
    maps = np.array([*MAPS.values()], "float32")
    found = {"picture": picture, "names": np.array([*MAPS]), "maps": maps}
    for dtype in ("float32", "uint8"):
        pictures = np.stack([picture] * len(maps)).astype(dtype)
        found[f"warped_{dtype}"] = tfa.image.transform(pictures, maps, "bilinear")
    return found


def steps():
    random = np.random.default_rng(1)
    start, gradients = {}, {}
    for name, shape in SHAPES.items():
        start[name] = random.normal(size=shape).astype("float32")
        # So small that the size and the place of an epsilon show.
        gradient = random.choice([-1e-4, 1e-4], (STEPS, *shape))
        gradients[name] = gradient * random.uniform(1, 3, gradient.shape)
        gradients[name] = gradients[name].astype("float32")
    start["bias"] *= 0  # LAMB measures weights, and has a case for none
    found = {"rate": RATE, "decay": DECAY}
    found.update({f"start_{name}": start[name] for name in SHAPES})
    found.update({f"gradients_{name}": gradients[name] for name in SHAPES})
    for optimizer, make in OPTIMIZERS.items():
        path = walk(make(), start, gradients)
        found.update({f"{optimizer}_{name}": path[name] for name in SHAPES})
    return found


def walk(optimizer, start, gradients):
    """The weights after each step, by name."""
    variables = {name: tf.Variable(start[name]) for name in SHAPES}
    path = {name: [] for name in SHAPES}
    for i in range(STEPS):
        optimizer.apply_gradients(
            [(tf.constant(gradients[name][i]), variables[name]) for name in SHAPES]
        )
        for name in SHAPES:
            path[name].append(variables[name].numpy())
    return {name: np.stack(path[name]) for name in SHAPES}


def differences(found):
    """Names of arrays that differ from the file's."""
    with np.load(FILE) as file:
        written = dict(file)
    for name in sorted({*written, *found}):
        pair = written.get(name), found.get(name)
        numbers = not any(side is None or side.dtype.kind == "U" for side in pair)
        same = np.allclose if numbers else np.array_equal
        if not same(*pair):
            yield name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="compare with the file, write nothing"
    )
    check = parser.parse_args().check
    found = {name: np.asarray(value) for name, value in {**warps(), **steps()}.items()}
    if not check:
        np.savez_compressed(FILE, **found)
    elif wrong := [*differences(found)]:
        raise SystemExit(f"{FILE} has other values of {', '.join(wrong)}")


if __name__ == "__main__":
    main()
