"""Writes the weights of train.py as a Keras model, with statistics of its own.

python examples/gpu/finish.py weights.npz shards --output photo.keras

Needs keras_hourglass, and runs on a CPU. The statistics that training keeps are of
bfloat16 features and of weights that changed meanwhile: they are computed anew, in
float32, from augmented samples and the final weights.
"""

import argparse
import json

import jax
import jax.numpy as jnp
import network
import numpy as np
import samples
import shards

import keras_hourglass as kh


def load(path):
    """Reads the file that train.py writes: weights in Keras's order, and a dict."""
    arrays = dict(np.load(path))
    config = json.loads(str(arrays.pop("config")))
    return [arrays[name] for name in sorted(arrays)], config


def recalibrate(net, people, share, image_size, batches=40, batch_size=32, seed=0):
    """Returns the network with the mean moments of batches as its statistics."""

    @jax.jit
    def moments(rows, key, people):
        images, *_ = samples.make_batch(people, rows, key, image_size)
        return network.apply(net, images, learns=True)[1]

    random, p = np.random.default_rng(seed), share.astype("float64")
    total = jax.tree.map(lambda leaf: np.zeros(leaf.shape), net)
    for key in jax.random.split(jax.random.key(seed), batches):
        rows = random.choice(len(p), batch_size, p=p / p.sum())
        seen = moments(jnp.asarray(rows), key, people)
        total = jax.tree.map(lambda a, b: a + np.asarray(b, "float64"), total, seen)
    return jax.tree.map(lambda leaf: np.float32(leaf / batches), total)


def main(weights, folder, output, limit=2000, **options):
    values, config = load(weights)
    image_size = config["image_size"]
    model = kh.StackedHourglass(block="separable", **config)
    people, share, _ = shards.read(folder, image_size, limit)
    arguments = ("stacks", "filters", "stem_filters", "depth")
    arguments = {name: config[name] for name in arguments}
    structure = jax.tree.structure(network.create(people.joints.shape[1], **arguments))
    net = jax.tree.unflatten(structure, values)
    net = recalibrate(net, people, share, image_size, **options)
    print(f"largest mean of a norm's input, in deviations: {network.drift(net):.1f}")
    model.set_weights(jax.tree.leaves(net))
    model.save(output)
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("weights", help="from train.py")
    parser.add_argument("folder", help="of shards, from prepare.py")
    parser.add_argument("--output", required=True, metavar="FILE.keras")
    parser.add_argument("--limit", type=int, default=2000, help="people to read")
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--batch-size", type=int, default=32)
    main(**vars(parser.parse_args()))
