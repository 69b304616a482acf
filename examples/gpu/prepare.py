"""Writes crops of the training people of datasets as shards, for train.py.

python examples/gpu/prepare.py crops:MPII*2.5 coco:COCO*1.6 --output shards

SHARE, after the *, is how often a person of the dataset is drawn, relative to others.
Needs keras_hourglass. Shards have at most `--megabytes`, for devices that take files of
a limited size.
"""

import argparse
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import shards

from keras_hourglass import skeletons
from keras_hourglass.data.images import decoding
from keras_hourglass.data.people.mixture import DatasetSpec, load_mixture
from keras_hourglass.data.warp import antialias, crop_to_window, warp
from keras_hourglass.geometry import Window

PADDING = 1.75  # side of a crop, in sides of the window: room to scale, move and rotate
MIN_SIZE = 48  # pixels of a crop


def crop_person(people, row, image_size, quality):
    """Crops one person; returns the compressed crop and its columns."""
    path, reader = people.images[row], people.readers[row]
    if reader is None:
        region = decoding.read_region(path)
    else:
        region = decoding.whole_region(reader(path))
    side = PADDING * np.float64(people.sides[row])
    # Large people are shrunk to the network's size, small ones are not enlarged.
    size = int(np.clip(round(side), MIN_SIZE, round(PADDING * image_size)))
    window = Window.from_center(people.centers[row].astype(float), side)
    grid = size, size
    region = crop_to_window(region, window, grid)
    pixels = warp(antialias(region, window, grid), window, grid)
    joints = window.to_grid(people.joints[row].astype(float), grid)
    weights = people.weights[row]
    return shards.encode(pixels, quality), {
        "size": size,
        "side": np.float32(size / PADDING),
        "joints": np.where(weights[:, None] > 0, joints, 0).astype("float32"),
        "weights": weights,
    }


def fill_shards(made, limit):
    """Groups crops and their columns, so that a group's crops have `limit` bytes."""
    group, total = [], 0
    for crop, columns in made:
        if group and total + len(crop) > limit:
            yield group
            group, total = [], 0
        group.append((crop, columns))
        total += len(crop)
    yield group


def main(
    datasets, output, skeleton="mpii", image_size=256, megabytes=54, quality=80, seed=0
):
    skeleton, output = skeletons.get(skeleton), Path(output)
    if any(output.glob("*.npz")):
        raise SystemExit(f"`output` must have no shards yet. Received: {str(output)!r}")
    mixture = load_mixture([DatasetSpec.parse(text) for text in datasets], skeleton)
    print(*mixture.notes, sep="\n")
    people, shares = mixture.train, np.repeat(mixture.shares, mixture.counts)

    def make(row):
        crop, columns = crop_person(people, row, image_size, quality)
        return crop, {**columns, "share": np.float32(shares[row])}

    output.mkdir(parents=True, exist_ok=True)
    constants = {
        "skeleton": json.dumps(skeletons.to_json(skeleton)),
        "flip": skeleton.flip_indices,
    }
    # In random order, so that each shard is a sample of all.
    order = np.random.default_rng(seed).permutation(len(people))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = pool.map(make, order)
        for number, group in enumerate(fill_shards(made, megabytes * 2**20)):
            path = output / f"{number:03d}.npz"
            crops, rows = zip(*group)
            shards.write(path, crops, rows, **constants)
            print(f"{path}: {len(rows):,} people, {path.stat().st_size / 2**20:.1f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("datasets", nargs="+", metavar="NAME[:DIR][*SHARE]")
    parser.add_argument("--output", required=True, metavar="DIR")
    parser.add_argument("--skeleton", default="mpii")
    parser.add_argument("--image-size", type=int, default=256)
    parser.add_argument("--megabytes", type=float, default=54)
    parser.add_argument(
        "--quality", type=int, default=80, help="of WebP; 101: lossless"
    )
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
