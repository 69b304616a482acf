"""Learning: the loss, and a step of AdamW with all weights as one vector."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import network
import numpy as np
from jax.flatten_util import ravel_pytree

FOREGROUND = 9.0  # as of kh.HeatmapLoss
BETA_1, BETA_2, EPSILON = 0.9, 0.99, 1e-8
WARM_UP = 0.03  # of all steps
AVERAGE = 0.9985  # momentum of the moving average of weights
STATISTICS = 0.97  # momentum of the norms' statistics
MAX_GROWTH = 2.0  # of the gradient's norm, over its running mean
NEAR = 0.05  # of the heatmap's side: distance of a keypoint that counts as found


def heatmap_loss(heatmaps, joints, weights, absent):
    """Computes kh.HeatmapLoss(sigma=1, foreground=9), and the share of joints found.

    Joints outside of the image, which that leaves out, are trained to empty heatmaps.

    Args:
        heatmaps: `(batch, stacks, size, size, J)`.
        joints: `(batch, J, 2)`, heatmap pixels.
        weights: `(batch, J)`.
        absent: `(batch, J)`, bool: outside of the image.
    """
    size = heatmaps.shape[2]
    distance = jnp.arange(size)[:, None, None] - joints.transpose(2, 0, 1)[:, None]
    columns, rows = jnp.exp(-0.5 * distance**2).transpose(0, 2, 1, 3)
    target = rows[:, :, None] * columns[:, None] * ~absent[:, None, None]
    target = target[:, None]
    error = (heatmaps - target) ** 2 * (1 + FOREGROUND * target)
    loss = (error.sum((1, 2, 3)) * weights).mean()
    last = heatmaps[:, -1].reshape(len(heatmaps), size * size, -1).argmax(1)
    gap = jnp.stack([last % size, last // size], axis=-1) - joints
    near, counted = (gap**2).sum(-1) < (NEAR * size) ** 2, (weights > 0) & ~absent
    return loss, (near & counted).sum() / jnp.maximum(counted.sum(), 1)


class State(NamedTuple):
    """All that training changes. Vectors hold all learned weights, or all statistics.

    Attributes:
        weights: Learned weights.
        statistics: The other weights: statistics of norms, and biases that stay 0.
        mean, square: Moving averages of the gradient and of its square.
        average: Moving average of the weights, which is the result.
        norm: Running mean of the gradient's norm; 0 before the first step.
        step: Steps done.
    """

    weights: jax.Array
    statistics: jax.Array
    mean: jax.Array
    square: jax.Array
    average: jax.Array
    norm: jax.Array
    step: jax.Array


class Learner:
    """Trains a network.

    Args:
        initial: `network.Network`.
        make_batch: Function of a key that makes images, joints, weights and absent.
        rate: Largest learning rate, after the warm-up; it decays to 0 by a cosine.
        decay: Weight decay of kernels.
        dtype: Of the features.
    """

    def __init__(self, initial, make_batch, rate=4e-3, decay=0.01, dtype="bfloat16"):
        self.make_batch, self.rate, self.dtype = make_batch, rate, dtype
        leaves, self.structure = jax.tree.flatten(initial)
        self.mask = jax.tree.leaves(network.learned(initial))
        weights, statistics = self._part(leaves)
        self.initial, self.unravel = ravel_pytree(weights)
        self.statistics, self.unravel_statistics = ravel_pytree(statistics)
        kernels = [np.full(w.shape, float(w.ndim > 1), "float32") for w in weights]
        self.decay = decay * ravel_pytree(kernels)[0]

    def start(self) -> State:
        """Returns the state before the first step."""
        zeros, zero = jnp.zeros_like(self.initial), jnp.float32(0)
        vectors = self.initial, self.statistics, zeros, zeros, self.initial
        return State(*vectors, norm=zero, step=zero)

    def build(self, weights, statistics) -> network.Network:
        """Returns vectors as a network."""
        learned = iter(self.unravel(weights))
        others = iter(self.unravel_statistics(statistics))
        leaves = [next(learned if is_learned else others) for is_learned in self.mask]
        return jax.tree.unflatten(self.structure, leaves)

    def result(self, state: State) -> network.Network:
        """Returns the network of averaged weights."""
        return self.build(state.average, state.statistics)

    def step(self, state: State, key, total, people):
        """Trains on one batch.

        Args:
            state: Before the step.
            key: Of the batch.
            total: Number of steps of the whole training.
            people: First argument of `make_batch`.

        Returns:
            The state after it, and loss, share of joints found, and gradient's norm.
        """
        images, *labels = self.make_batch(people, key)

        def objective(weights):
            net = self.build(weights, state.statistics)
            heatmaps, seen = network.apply(net, images, True, self.dtype)
            loss, found = heatmap_loss(heatmaps, *labels)
            _, seen = self._part(jax.tree.leaves(seen))
            return loss, (found, ravel_pytree(seen)[0])

        gradient = jax.value_and_grad(objective, has_aux=True)
        (loss, (found, seen)), gradient = gradient(state.weights)
        norm = jnp.sqrt((gradient**2).sum())
        log = jnp.stack([loss, found.astype("float32"), norm])
        fine = jnp.isfinite(norm) & jnp.isfinite(seen).all()
        new = self._update(state, gradient, norm, seen, total)
        return jax.tree.map(lambda a, b: jnp.where(fine, a, b), new, state), log

    def _update(self, state, gradient, norm, seen, total):
        # Without a limit, and with a square that is averaged over 1,000 steps, one run
        # diverged within 50 steps, after 3,700 of 13,400 at a rate of 4e-3.
        limit = jnp.where(state.step > 0, MAX_GROWTH * state.norm, norm)
        clipped = jnp.minimum(norm, limit)
        gradient = gradient * (clipped / jnp.maximum(norm, EPSILON))
        running = jnp.where(state.step > 0, 0.99 * state.norm + 0.01 * clipped, norm)
        step, mean = state.step + 1, BETA_1 * state.mean + (1 - BETA_1) * gradient
        square = BETA_2 * state.square + (1 - BETA_2) * gradient**2
        root = jnp.sqrt(square / (1 - BETA_2**step)) + EPSILON
        change = mean / (1 - BETA_1**step) / root + self.decay * state.weights
        weights = state.weights - self._rate(state.step, total) * change
        momentum = jnp.minimum(AVERAGE, step / (step + 9))
        return State(
            weights,
            STATISTICS * state.statistics + (1 - STATISTICS) * seen,
            mean,
            square,
            momentum * state.average + (1 - momentum) * weights,
            running,
            step,
        )

    def _rate(self, step, total):
        done, warm = jnp.minimum(step / total, 1), (step + 1) / (WARM_UP * total + 1)
        return self.rate * jnp.minimum(warm, 1) * 0.5 * (1 + jnp.cos(jnp.pi * done))

    def _part(self, leaves):
        """Parts the leaves of a network: learned weights, and the others."""
        parts = [], []
        for leaf, is_learned in zip(leaves, self.mask):
            parts[not is_learned].append(leaf)
        return parts
