"""Trains StackedHourglass(block="separable") on shards that stay on a GPU.

XLA_FLAGS=--xla_gpu_enable_triton_gemm=false \\
    python examples/gpu/train.py shards --output weights.npz --seconds 480

needs jax, numpy and opencv-python-headless alone. The number of steps is chosen after
the first ones, so that training ends within `--seconds` of the start of the program,
reading and compiling included. The weights so far are written every minute.
"""

# ruff: noqa: E402
import time

START = time.time()  # importing JAX takes seconds, too

import argparse
import json
import os
from functools import partial
from pathlib import Path

os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.9")

import jax
import jax.numpy as jnp
import network
import numpy as np
import samples
import shards
from learning import Learner

CHUNK = 50  # steps that the device does by itself
PLANNED = 6  # chunks after which the number of steps is settled
RESERVE = 4  # seconds to write the weights
SAVE_EVERY = 60  # seconds


def log(*values):
    print(f"[{time.time() - START:6.1f}]", *values, flush=True)


def save(path, net, config: dict):
    """Writes the weights in Keras's order, and what else finish.py needs."""
    leaves = jax.tree.leaves(net)
    arrays = {f"{i:04d}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
    temporary = Path(f"{path}.partial.npz")
    np.savez(temporary, config=json.dumps(config), **arrays)
    os.replace(temporary, path)


def sampler(share, batch_size, image_size):
    """Returns a function that makes batches, with people drawn by their share."""
    ends = jnp.asarray(np.cumsum(share / share.sum()), "float32")

    def make_batch(people, key):
        which, how = jax.random.split(key)
        rows = jnp.searchsorted(ends, jax.random.uniform(which, (batch_size,)))
        rows = jnp.minimum(rows, len(ends) - 1)  # the last end may be rounded down
        return samples.make_batch(people, rows, how, image_size)

    return make_batch


def main(
    folder,
    output,
    seconds=None,
    steps=None,
    image_size=256,
    batch_size=128,
    learning_rate=4e-3,
    dtype="bfloat16",
    seed=0,
    **arguments,
):
    log(jax.devices())
    people, share, skeleton = shards.read(folder, image_size)
    log(f"{len(share):,} people on the device")
    config = {**arguments, "image_size": image_size, "skeleton": json.loads(skeleton)}
    initial = network.create(people.joints.shape[1], seed=seed, **arguments)
    make_batch = sampler(share, batch_size, image_size)
    learner = Learner(initial, make_batch, rate=learning_rate, dtype=dtype)

    @partial(jax.jit, donate_argnums=0)
    def run_chunk(state, key, total, people):
        keys = jax.random.split(key, CHUNK)
        step = partial(learner.step, total=total, people=people)
        return jax.lax.scan(step, state, keys)

    state, key = jax.tree.map(jnp.copy, learner.start()), jax.random.key(seed)
    total, chunk, speed, saved = steps or 8000, 0, 0.0, time.time()
    while chunk * CHUNK < total and (steps or time.time() - START < seconds):
        began = time.time()
        chunk_key = jax.random.fold_in(key, chunk)
        state, logs = run_chunk(state, chunk_key, jnp.float32(total), people)
        logs = np.asarray(logs)
        chunk, now = chunk + 1, time.time()
        if chunk > 1:  # the first one compiles
            speed = max(speed, CHUNK / (now - began))
            if not steps and chunk <= PLANNED:
                left = seconds - RESERVE - (now - START)
                total = chunk * CHUNK + max(int(left * speed), 0)
        if chunk <= PLANNED or chunk % 10 == 0:
            means = dict(zip(("loss", "found", "gradient"), logs.mean(0)))
            means["drift"] = network.drift(learner.result(state))
            means = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
            pace = f"{speed * batch_size:,.0f} images/s"
            log(f"step {chunk * CHUNK:,} of {total:,}: {means}, {pace}")
        if not np.isfinite(logs).all():
            log("a step was left out: its loss or gradient is not finite")
        if now - saved > SAVE_EVERY:
            save(output, learner.result(state), config)
            saved = now
    save(output, learner.result(state), config)
    log(f"done: {chunk * CHUNK:,} steps, {chunk * CHUNK * batch_size:,} samples")
    return state


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", help="of shards, from prepare.py")
    parser.add_argument("--output", required=True, metavar="FILE.npz")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--seconds", type=float, help="from the start of the program")
    length.add_argument("--steps", type=int, help="for a rehearsal")
    parser.add_argument("--image-size", type=int, default=256)
    parser.add_argument("--stacks", type=int, default=2)
    parser.add_argument("--filters", type=int, default=144)
    parser.add_argument("--stem-filters", type=int, default=16)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
