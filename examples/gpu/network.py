"""StackedHourglass(block="separable") in plain JAX, for training on a GPU.

A network is a tree of named tuples whose leaves, in order, are the weights of the Keras
model: `jax.tree.leaves(network)` is its `get_weights()`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

MEAN_RGB = (0.4404, 0.4440, 0.4327)
EPSILON = 1e-5


class Norm(NamedTuple):
    gamma: jax.Array
    beta: jax.Array
    mean: jax.Array
    variance: jax.Array


class Convolution(NamedTuple):
    kernel: jax.Array
    bias: jax.Array


class Head(NamedTuple):
    """The convolution to heatmaps."""

    kernel: jax.Array
    bias: jax.Array


class Block(NamedTuple):
    norm_1: Norm
    conv_1: Convolution
    norm_2: Norm
    depthwise: Convolution
    conv_2: Convolution
    norm_3: Norm
    conv_3: Convolution
    shortcut: Convolution | None


class Hourglass(NamedTuple):
    up: Block
    down: Block
    back: Block
    inner: "Hourglass | Block"


class Stack(NamedTuple):
    hourglass: Hourglass
    block: Block
    conv: Convolution
    norm: Norm
    head: Head
    features_back: Convolution | None
    heatmaps_back: Convolution | None


class Network(NamedTuple):
    conv: Convolution
    norm: Norm
    blocks: tuple[Block, ...]
    stacks: tuple[Stack, ...]


def create(joints, stacks=2, filters=144, stem_filters=16, depth=4, seed=0) -> Network:
    """Creates a network with initial weights, NumPy arrays, as Keras draws them."""
    random = np.random.default_rng(seed)

    def conv(size, inputs, outputs):
        limit = (6 / (size * size * (inputs + outputs))) ** 0.5
        kernel = random.uniform(-limit, limit, (size, size, inputs, outputs))
        return Convolution(np.float32(kernel), np.zeros(outputs, "float32"))

    def norm(channels):
        ones, zeros = np.ones(channels, "float32"), np.zeros(channels, "float32")
        return Norm(ones, zeros, zeros, ones)

    def block(inputs, outputs):
        half = outputs // 2
        depthwise, last = conv(3, half, 1), conv(1, half, outputs)
        return Block(
            *(norm(inputs), conv(1, inputs, half)),
            *(norm(half), Convolution(depthwise.kernel, np.zeros(half, "float32"))),
            *(conv(1, half, half), norm(half)),
            last._replace(kernel=np.zeros_like(last.kernel)),  # the identity at first
            None if inputs == outputs else conv(1, inputs, outputs),
        )

    def hourglass(depth):
        up, down, back = (block(filters, filters) for _ in range(3))
        inner = hourglass(depth - 1) if depth > 1 else block(filters, filters)
        return Hourglass(up, down, back, inner)

    def stack(last):
        kernel = random.normal(0, 0.001, (1, 1, filters, joints))
        return Stack(
            *(hourglass(depth), block(filters, filters)),
            *(conv(1, filters, filters), norm(filters)),
            Head(np.float32(kernel), np.zeros(joints, "float32")),
            None if last else conv(1, filters, filters),
            None if last else conv(1, joints, filters),
        )

    sizes = (stem_filters, 2 * stem_filters, 4 * stem_filters, filters)
    return Network(
        *(conv(7, 3, stem_filters), norm(stem_filters)),
        tuple(block(*pair) for pair in zip(sizes, sizes[1:])),
        tuple(stack(last=k == stacks - 1) for k in range(stacks)),
    )


def apply(network: Network, images, learns=False, dtype="float32"):
    """Computes heatmaps.

    Args:
        network: Weights in float32.
        images: `(batch, height, width, 3)`, RGB from 0 to 255.
        learns: Whether norms use the moments of the batch; else their statistics.
        dtype: Of the features.

    Returns:
        Heatmaps `(batch, stacks, height / 4, width / 4, joints)`, float32, and the
        network with the moments of the batch in place of statistics, if it learns.
    """
    x = (images / 255 - jnp.array(MEAN_RGB)).astype(dtype)
    x = jax.lax.conv_general_dilated(
        *(x, network.conv.kernel.astype(dtype), (2, 2), [(3, 3), (3, 3)]),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    x, norm = _activate(x + network.conv.bias.astype(dtype), network.norm, learns)
    x, first = _block(x, network.blocks[0], learns)
    x, second = _block(_pool(x), network.blocks[1], learns)
    x, third = _block(x, network.blocks[2], learns)
    heatmaps, stacks = [], []
    for stack in network.stacks:
        y, hourglass = _hourglass(x, stack.hourglass, learns)
        y, block = _block(y, stack.block, learns)
        y, last = _activate(_pointwise(y, stack.conv), stack.norm, learns)
        heatmaps.append(_pointwise(y, stack.head))
        stacks.append(stack._replace(hourglass=hourglass, block=block, norm=last))
        if stack.features_back is not None:
            x = x + _pointwise(y, stack.features_back)
            x = x + _pointwise(heatmaps[-1], stack.heatmaps_back)
    seen = Network(network.conv, norm, (first, second, third), tuple(stacks))
    return jnp.stack(heatmaps, axis=1).astype("float32"), seen


def learned(network: Network) -> Network:
    """Returns a tree of booleans: which weights the optimizer changes.

    Only norms see what all convolutions but the heads add up to, and norms subtract
    means: biases there have a gradient of rounding errors alone, which Adam scales to
    full steps. Learned, they drifted until the means of features were hundreds of
    their standard deviations, and bfloat16 lost the features. They stay 0. (A small
    network, 3,000 steps: `drift` grew to 39 with them, and stayed at 4 without.)
    """
    masks = {
        Norm: Norm(True, True, False, False),
        Convolution: Convolution(True, False),
        Head: Head(True, True),
    }
    return jax.tree.map(lambda part: masks[type(part)], network, is_leaf=is_part)


def drift(network: Network) -> float:
    """Returns the largest mean of a norm's input, in its standard deviations."""
    parts = jax.tree.leaves(network, is_leaf=is_part)
    norms = [part for part in parts if isinstance(part, Norm)]
    ratios = [abs(norm.mean) / (norm.variance + EPSILON) ** 0.5 for norm in norms]
    return max(float(ratio.max()) for ratio in ratios)


def is_part(node):
    return isinstance(node, Norm | Convolution | Head)


def _activate(x, norm, learns):
    if learns:
        z = x.astype("float32")
        mean = z.mean((0, 1, 2))
        variance = jnp.maximum((z * z).mean((0, 1, 2)) - mean * mean, 0)
        norm = norm._replace(mean=mean, variance=variance)
    scale = norm.gamma * jax.lax.rsqrt(norm.variance + EPSILON)
    y = x.astype("float32") * scale + (norm.beta - norm.mean * scale)
    return jax.nn.relu(y.astype(x.dtype)), norm


def _pointwise(x, conv):
    return x @ conv.kernel[0, 0].astype(x.dtype) + conv.bias.astype(x.dtype)


def _depthwise(x, conv):
    # A sum of shifted images: XLA's gradient of the convolution is slow on a GPU.
    kernel, (_, height, width, _) = conv.kernel[..., 0].astype(x.dtype), x.shape
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    taps = [(i, j) for i in range(3) for j in range(3)]
    shifted = (padded[:, i : i + height, j : j + width] * kernel[i, j] for i, j in taps)
    return sum(shifted) + conv.bias.astype(x.dtype)


def _pool(x):
    # By a reshape: XLA's gradient of pooling, select-and-scatter, is slow on a GPU.
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))


def _upsample(x):
    n, height, width, channels = x.shape
    x = jnp.broadcast_to(x[:, :, None, :, None], (n, height, 2, width, 2, channels))
    return x.reshape(n, 2 * height, 2 * width, channels)


def _block(x, block, learns):
    y, norm_1 = _activate(x, block.norm_1, learns)
    y, norm_2 = _activate(_pointwise(y, block.conv_1), block.norm_2, learns)
    y = _pointwise(_depthwise(y, block.depthwise), block.conv_2)
    y, norm_3 = _activate(y, block.norm_3, learns)
    y = _pointwise(y, block.conv_3)
    if block.shortcut is not None:
        x = _pointwise(x, block.shortcut)
    return x + y, block._replace(norm_1=norm_1, norm_2=norm_2, norm_3=norm_3)


def _hourglass(x, hourglass, learns):
    skip, up = _block(x, hourglass.up, learns)
    y, down = _block(_pool(x), hourglass.down, learns)
    run = _hourglass if isinstance(hourglass.inner, Hourglass) else _block
    y, inner = run(y, hourglass.inner, learns)
    y, back = _block(y, hourglass.back, learns)
    return skip + _upsample(y), Hourglass(up, down, back, inner)
