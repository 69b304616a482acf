"""From a dataset's pictures to a prepared folder: small crops, one of each person.

Training reads crops several times as fast as photographs, and they need less room.
"""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.people import People
from keras_hourglass.data.prepare.cropping import crop_entry, crop_person
from keras_hourglass.data.prepare.journal import Journal
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.geometry import Window
from keras_hourglass.utils import Interrupted, atomic_write
from keras_hourglass.visualization.images import encode_image

cv2.setNumThreads(1)  # pictures are cut side by side; more threads only get in the way
COLUMNS = ("joints", "weights", "centers", "sides", "head_sizes", "splits")


@dataclass(frozen=True)
class CropOptions:
    """How crops are kept.

    Attributes:
        size: Pixels of the window's side; smaller people stay as they are.
        quality: Of the JPEG, 1 to 100.
    """

    size: int = 256
    quality: int = 92


class Prepared(NamedTuple):
    """What was done: people written, people there before, pictures -> why not."""

    written: int
    there: int
    failures: dict[str, str]


def prepare(
    people: People,
    folder,
    form: CropOptions = CropOptions(),
    broken: str = "error",
    threads: int | None = None,
    advance=lambda count: None,
) -> Prepared:
    """Writes a prepared folder, or goes on with one.

    Args:
        people: Whom to cut out.
        folder: Where; new, or begun by the same call before.
        form: How to keep them.
        broken: Of pictures: "error" or "skip", which leaves their people out.
        threads: Pictures at a time; as many as there are cores, unless given.
        advance: Called with how many more people are done.

    Raises:
        DatasetError: If the folder holds something else.
        BrokenPicture: If a picture cannot be read; names file and person.
        Interrupted: On Ctrl-C, once everything is kept.
    """
    journal = Journal(folder, {**asdict(form), **crop_identity(people)})
    rows_of = {}
    for row, path in enumerate(people.images):
        if image_name(row) not in journal.entries:
            rows_of.setdefault(path, []).append(row)
    there, failures = len(journal.entries), {}
    advance(there)

    def work(rows):
        try:
            return rows, list(_write(people, rows, journal.images, form))
        except ImageDecodeError as error:
            return rows, error

    pool = ThreadPoolExecutor(threads or os.cpu_count())
    try:
        for rows, made in pool.map(work, rows_of.values()):
            if isinstance(made, ImageDecodeError):
                if broken != "skip":
                    raise ImageDecodeError(
                        f"{made}; `--broken-images skip` goes on without it"
                    )
                failures[people.images[rows[0]]] = str(made)
            else:
                for person in made:
                    journal.keep(person)
            advance(len(rows))
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped: {len(journal.entries):,} of {len(people):,} people are kept in "
            f"{folder}. The same command goes on with the others"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)
        journal.pause()
    if not journal.entries:
        raise ImageDecodeError(
            f"no picture can be read: {next(iter(failures.values()))}"
        )
    journal.finish(people.skeleton.joints)
    return Prepared(len(journal.entries) - there, there, failures)


def require_outside(folder, root) -> Path:
    """The folder to write to, once it is sure that it is no part of the dataset's."""
    folder = Path(folder)
    if root is not None and Path(root).is_dir():
        inner, outer = folder.resolve(), Path(root).resolve()
        if inner == outer or outer in inner.parents:
            raise DatasetError(
                f"`output` must lie outside of the dataset's folder {str(root)!r}. "
                f"Received: output={str(folder)!r}"
            )
    return folder


def image_name(row: int) -> str:
    """The crop of a person: by place in the dataset, since files may share names."""
    return f"{row:06d}.jpg"


def crop_identity(people: People) -> dict:
    """What tells these people from others: how many, and a digest of all about them."""
    digest = hashlib.sha256()
    for name in COLUMNS:
        column = getattr(people, name)
        digest.update(
            column.tobytes() if column.dtype != object else "\0".join(column).encode()
        )
    names = [os.path.basename(str(path)) for path in people.images]
    digest.update("\0".join([*people.skeleton.joints, *names]).encode())
    return {"people": len(people), "annotations": digest.hexdigest()[:16]}


def _write(people, rows, images, form):
    """Cuts out the people of one picture; gives their entries."""
    path, reader = people.images[rows[0]], people.readers[rows[0]]
    try:
        pixels = reader(path) if reader else decoding.read_region(path).pixels
    except (ImageDecodeError, OSError) as error:
        raise ImageDecodeError(f"{people.names[rows[0]]}: {error}") from None
    for row in rows:
        center, side = people.centers[row].astype(float), np.float64(people.sides[row])
        crop = crop_person(pixels, Window.from_center(center, side), form.size)
        with atomic_write(images / image_name(row)) as beside:
            beside.write_bytes(encode_image(crop.pixels, ".jpg", form.quality))
        yield crop_entry(people, row, crop, image_name(row))
