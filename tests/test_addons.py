"""Parity with tensorflow-addons, of warps and optimizer steps.

`tests/golden/addons.py` wrote the expected values; its docstring describes them.
"""

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from keras import ops, optimizers

from keras_hourglass.data.images.decoding import whole_region
from keras_hourglass.data.warp import warp
from keras_hourglass.geometry import Window
from keras_hourglass.training.build import OPTIMIZERS

with np.load(Path(__file__).parent / "golden/addons.npz") as file:
    GOLDEN = dict(file)

IMAGE = GOLDEN["picture"]  # the key of version 0.1's file
SIZE = IMAGE.shape[1], IMAGE.shape[0]
RATE, DECAY = float(GOLDEN["rate"]), float(GOLDEN["decay"])

# In levels of 255. OpenCV 5 is 5e-4 away, by its rounding of the map. Before it,
# OpenCV rounded positions to 1/32 pixel, so by up to 1/64 in x and in y: 8 levels
# where black meets white; 4.11 is 4.8 away.
OPENCV = 1e-3 if int(cv2.__version__.split(".")[0]) >= 5 else 8.0

# In levels of 255. TensorFlow runs the very operation that tensorflow-addons ran.
# JAX is 3e-5 away and PyTorch 5e-4: they multiply the map in another order.
KERAS = 0.0 if keras.config.backend() == "tensorflow" else 2e-3

each_map = pytest.mark.parametrize(
    "index", range(len(GOLDEN["names"])), ids=GOLDEN["names"]
)


def window(index):
    """The window that corresponds to a map of tensorflow-addons."""
    matrix = GOLDEN["maps"][index, :6].astype(float).reshape(2, 3)
    (width, height), (right, down, offset) = SIZE, matrix.T
    center = right * (width - 1) / 2 + down * (height - 1) / 2 + offset
    return Window(center, right * width, down * height)


@each_map
def test_a_window_transforms_points_as_the_map(index):
    corners = np.array([[0.0, 0.0], [25.0, 0.0], [25.0, 17.0], [4.0, 9.0]])
    matrix = GOLDEN["maps"][index, :6].reshape(2, 3)
    expected = corners @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(
        window(index).to_image(corners, SIZE), expected, atol=1e-5
    )


# Up to the edges: both mix the outermost pixels with the black around them.


@each_map
def test_warp_interpolates_like_tensorflow_addons(index):
    found = warp(whole_region(IMAGE.astype("float32")), window(index), SIZE)
    expected = GOLDEN["warped_float32"][index]
    np.testing.assert_allclose(found, expected, rtol=0, atol=OPENCV)


@each_map
def test_warp_rounds_to_the_nearest_level(index):
    found = warp(whole_region(IMAGE), window(index), SIZE)
    assert found.dtype == np.uint8
    expected = GOLDEN["warped_float32"][index]
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.5 + OPENCV)


@each_map
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_keras_warps_like_tensorflow_addons(index, dtype):
    # On the CPU: a GPU may multiply the map to 10 bits.
    with keras.device("cpu"):
        found = ops.image.affine_transform(
            ops.convert_to_tensor(IMAGE.astype(dtype)),
            ops.convert_to_tensor(GOLDEN["maps"][index]),
            data_format="channels_last",
        )
    found = ops.convert_to_numpy(found).astype("float32")
    expected = GOLDEN[f"warped_{dtype}"][index].astype("float32")
    # tensorflow-addons cuts fractions of a level off; JAX and PyTorch round them.
    rounding = 1 if dtype == "uint8" and KERAS else 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=KERAS + rounding)


def walk(optimizer):
    """The weights after each step, by name."""
    names = ("kernel", "bias")
    variables = [keras.Variable(GOLDEN[f"start_{name}"]) for name in names]
    optimizer.build(variables)
    path = []
    for gradients in zip(*(GOLDEN[f"gradients_{name}"] for name in names)):
        optimizer.apply([ops.convert_to_tensor(each) for each in gradients], variables)
        path.append([ops.convert_to_numpy(variable) for variable in variables])
    return dict(zip(names, map(np.stack, zip(*path))))


@pytest.mark.parametrize(
    "name, optimizer, atol",
    [
        # tensorflow-addons does not multiply the decay by the rate; Keras does.
        ("adamw", lambda: optimizers.AdamW(RATE, weight_decay=DECAY / RATE), 1e-6),
        # Without weight decay: tensorflow-addons has it in the ratio of norms, Keras
        # before it, and no value of the one is a value of the other.
        ("lamb", lambda: optimizers.Lamb(RATE, epsilon=1e-6), 1e-6),
        # Of steps of 0.1. An epsilon of 1e-8 outside the square root is not quite one
        # of 1e-16 inside.
        ("rmsprop", lambda: OPTIMIZERS["rmsprop"](RATE), 2e-4),
    ],
    ids=["adamw", "lamb", "rmsprop"],
)
def test_optimizer_steps_like_that_of_tensorflow_addons(name, optimizer, atol):
    for weight, path in walk(optimizer()).items():
        expected = GOLDEN[f"{name}_{weight}"]
        np.testing.assert_allclose(path, expected, rtol=0, atol=atol, err_msg=weight)
