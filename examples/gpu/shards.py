"""Shards: files of compressed crops with labels, small enough to be sent to a device.

A shard is an `.npz` file. `data` holds the crops' WebP files one after another, of
`length` bytes each; `size`, `side`, `joints` and `weights` are as in `samples.People`;
`share` is how often a person is drawn; `skeleton` is JSON, `flip` as in `People`.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import jax
import jax.numpy as jnp
import numpy as np
from samples import People

COLUMNS = ("size", "side", "joints", "weights", "share")
MIN_JOINTS = 3  # labeled, of a person who is trained on
CHUNK = 2048  # crops that are sent to the device at once

cv2.setNumThreads(1)  # crops are decoded in parallel


def encode(pixels: np.ndarray, quality: int) -> bytes:
    """Compresses RGB pixels; without loss if `quality` is above 100."""
    options = [cv2.IMWRITE_WEBP_QUALITY, quality]
    return cv2.imencode(".webp", pixels[..., ::-1], options)[1].tobytes()


def write(path: Path, crops: list[bytes], rows: list[dict], **constants):
    """Writes a shard: compressed crops, the columns of each, and constants."""
    columns = {name: np.stack([row[name] for row in rows]) for name in COLUMNS}
    data = np.frombuffer(b"".join(crops), "uint8")
    np.savez(path, data=data, length=[*map(len, crops)], **columns, **constants)


def read(folder, image_size: int, limit: int | None = None):
    """Reads all shards of a folder to the device's memory.

    Args:
        folder: With files `*.npz`.
        image_size: Side of the images to make, in pixels.
        limit: Number of people to read; all by default.

    Returns:
        `People`, the share of each (N,), and the skeleton as JSON.
    """
    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise SystemExit(f"no shards in {str(folder)!r}: prepare.py writes them")
    files, parts = [], []
    for path in paths:
        if limit is not None and len(files) >= limit:
            break
        shard = dict(np.load(path))
        ends = np.cumsum(shard["length"])
        files += np.split(shard["data"], ends[:-1])
        parts.append(shard)
    columns = {name: np.concatenate([p[name] for p in parts]) for name in COLUMNS}
    useful = np.flatnonzero((columns["weights"] > 0).sum(1) >= MIN_JOINTS)[:limit]
    columns = {name: column[useful] for name, column in columns.items()}
    share = columns.pop("share")
    noise = np.random.default_rng(0).normal(size=(2 * image_size, 2 * image_size, 3))
    people = People(
        pixels=_decode([files[row] for row in useful], columns["size"].max()),
        flip=jnp.asarray(parts[0]["flip"]),
        noise=jnp.asarray(noise, "float32"),
        **{name: jnp.asarray(column) for name, column in columns.items()},
    )
    return jax.block_until_ready(people), share, str(parts[0]["skeleton"])


def _decode(files, canvas) -> jax.Array:
    """Decodes crops, each to the upper left of a canvas: see `People.pixels`."""
    pixels = np.zeros((len(files), canvas, canvas, 4), "uint8")

    def decode(row):
        image = cv2.imdecode(files[row], cv2.IMREAD_COLOR)
        pixels[row, : len(image), : len(image), :3] = image[..., ::-1]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(decode, range(len(files))))
    packed = pixels.view("uint32")[..., 0]
    starts = range(0, len(packed), CHUNK)
    return jnp.concatenate([jnp.asarray(packed[i : i + CHUNK]) for i in starts])
