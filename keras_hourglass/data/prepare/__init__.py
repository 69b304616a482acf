"""Prepared datasets: writing a folder with one small crop per person.

Training reads crops several times as fast as photographs, and they take less space.
"""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.data.images import decoding
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.people import People
from keras_hourglass.data.pipeline.opencv_threads import ONE_OPENCV_THREAD
from keras_hourglass.data.prepare.cropping import (
    crop_entry,
    crop_person,
    relative_names,
)
from keras_hourglass.data.prepare.journal import Journal
from keras_hourglass.data.readers.files import DatasetError, locate_root
from keras_hourglass.geometry import Window
from keras_hourglass.utils import Interrupted
from keras_hourglass.utils.cores import core_count
from keras_hourglass.utils.files import atomic_write
from keras_hourglass.utils.folder_lock import FolderLock
from keras_hourglass.visualization.images import encode_image

# Of `People`: what folders up to version 0.9 are known by, and what else is written.
IDENTITY_COLUMNS = ("joints", "weights", "centers", "sides", "head_sizes", "splits")
OTHER_COLUMNS = ("visible", "box_sizes", "areas", "num_others", "source_sizes")


@dataclass(frozen=True)
class CropOptions:
    """Size and quality of crops.

    Attributes:
        size: Pixels of the window's side; smaller people are not enlarged.
        quality: JPEG quality, 1 to 100.
    """

    size: int = 256
    quality: int = 92


class Prepared(NamedTuple):
    """Result of `prepare`.

    Attributes:
        written: Number of people written.
        existing: Number of people that a previous call had written.
        failures: Image that cannot be read -> reason.
    """

    written: int
    existing: int
    failures: dict[str, str]


def prepare(
    people: People,
    folder,
    options: CropOptions = CropOptions(),
    broken: str = "error",
    threads: int | None = None,
    advance=lambda count: None,
) -> Prepared:
    """Writes a prepared folder, or resumes one.

    The folder is read by `load_dataset("crops", folder)`. See `datasets/prepared.py`.

    Args:
        people: To crop.
        folder: A new folder, or one that the same call has begun.
        options: Size and quality of the crops.
        broken: Images that cannot be read: "error" raises, "skip" leaves their people
            out.
        threads: Images processed in parallel; the number of cores by default.
        advance: Called with the number of people done since its last call.

    Raises:
        DatasetError: If the folder holds something else.
        FolderInUseError: If another process writes to the folder.
        ImageDecodeError: If an image cannot be read; names file and person.
        Interrupted: On Ctrl-C; the work so far is kept.
    """
    with FolderLock(folder), ONE_OPENCV_THREAD:
        return _prepare(people, folder, options, broken, threads, advance)


def _prepare(people, folder, options, broken, threads, advance):
    journal = Journal(folder, {**asdict(options), **crop_identity(people)})
    rows_of = {}
    for row, path in enumerate(people.images):
        if image_name(row) not in journal.entries:
            rows_of.setdefault(path, []).append(row)
    existing, failures = len(journal.entries), {}
    originals = relative_names(people.photographs)
    advance(existing)

    def crop_image(rows):
        try:
            crops = _write_crops(people, rows, journal.images, options, originals)
            return rows, list(crops)
        except ImageDecodeError as error:
            return rows, error

    pool = ThreadPoolExecutor(threads or core_count())
    try:
        for rows, entries in pool.map(crop_image, rows_of.values()):
            if isinstance(entries, ImageDecodeError):
                if broken != "skip":
                    raise ImageDecodeError(f"{entries}; `broken='skip'` leaves it out")
                failures[people.images[rows[0]]] = str(entries)
            else:
                for entry in entries:
                    journal.add(entry)
            advance(len(rows))
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped: {len(journal.entries):,} of {len(people):,} people are kept in "
            f"{folder}. The same command resumes"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)
        journal.close()
    if not journal.entries:
        raise ImageDecodeError(f"no image can be read: {next(iter(failures.values()))}")
    journal.finish(people.skeleton.joints, skeletons.to_json(people.skeleton))
    return Prepared(len(journal.entries) - existing, existing, failures)


def require_outside(folder, root, images=None) -> Path:
    """Checks that the output folder lies in neither a dataset's folder nor its images'.

    Args:
        folder: The output folder.
        root, images: See `load_dataset`.
    """
    folder = Path(folder)
    for place in (root, images):
        if place is None or not Path(place).expanduser().exists():
            continue
        inner, outer = folder.resolve(), locate_root(place, "")[0].resolve()
        if inner == outer or outer in inner.parents:
            raise DatasetError(
                "`output` must lie outside of the dataset's folder "
                f"{str(outer)!r}. Received: output={str(folder)!r}"
            )
    return folder


def image_name(row: int) -> str:
    """Returns the name of a person's crop: by row, since source files share names."""
    return f"{row:06d}.jpg"


def crop_identity(people: People) -> dict:
    """Returns what identifies a list of people: their number and two digests."""
    names = [os.path.basename(str(path)) for path in people.images]
    pairs = json.dumps([people.skeleton.limbs, people.skeleton.flip_pairs])
    return {
        "people": len(people),
        "annotations": _digest(
            people, IDENTITY_COLUMNS, [*people.skeleton.joints, *names]
        ),
        "attributes": _digest(
            people, OTHER_COLUMNS, [pairs, *relative_names(people.photographs)]
        ),
    }


def _digest(people, columns, texts):
    digest = hashlib.sha256()
    for name in columns:
        column = getattr(people, name)
        digest.update(
            column.tobytes() if column.dtype != object else "\0".join(column).encode()
        )
    digest.update("\0".join(texts).encode())
    return digest.hexdigest()[:16]


def _write_crops(people, rows, images, options, originals):
    """Writes the crops of one image's people; yields their annotations."""
    path, reader = people.images[rows[0]], people.readers[rows[0]]
    try:
        pixels = reader(path) if reader else decoding.read_image(path)
    except (ImageDecodeError, OSError) as error:
        raise ImageDecodeError(f"{people.names[rows[0]]}: {error}") from None
    for row in rows:
        center, side = people.centers[row].astype(float), np.float64(people.sides[row])
        crop = crop_person(pixels, Window.from_center(center, side), options.size)
        with atomic_write(images / image_name(row)) as temporary:
            temporary.write_bytes(encode_image(crop.pixels, ".jpg", options.quality))
        yield crop_entry(people, row, crop, image_name(row), originals[row])
