"""Checks of photographs with boxes, for detection."""

from collections import Counter

import numpy as np

from keras_hourglass.data.checks import (
    TOLERANCE,
    CheckReport,
    duplicate_image_files,
    image_problems,
    inspect_images,
)
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.readers import sizes
from keras_hourglass.data.readers.paths import display_path

BOX_PROBLEMS = {  # kinds beside those of people that photographs have, too
    "boxes_outside": "boxes that reach out of their image",
    "duplicate_listings": "images that are listed twice",
}


def check_photographs(
    photographs: Photographs,
    faults=(),
    decode=True,
    threads=None,
    advance=None,
    rescale: bool = False,
) -> CheckReport:
    """Checks every photograph of a dataset, and its boxes.

    Args:
        photographs: From `load_photographs(..., missing="keep")`, within
            `collect_faults`.
        faults, decode, threads, advance, rescale: See `check_people`.
    """
    files = [*dict.fromkeys(photographs.images[photographs.readers == None])]  # noqa: E711
    infos = inspect_images(files, decode, threads, advance)
    headers = {path: info.header for path, info in infos.items() if info.header}
    differences = sizes.find_differences(photographs, headers)
    fitted = sizes.fit_photographs(photographs, differences, rescale)
    listings = Counter(photographs.images)
    problems = {
        "unusable": [f"{name}: {reason}" for name, reason in faults],
        **image_problems(infos, differences, rescale),
        "boxes_outside": [*_boxes_outside(fitted, infos)],
        "duplicate_people": [*_duplicate_boxes(photographs)],
        "duplicate_listings": [
            display_path(path) for path, count in listings.items() if count > 1
        ],
        "duplicate_images": duplicate_image_files(infos),
    }
    notes = photographs.notes
    if rescale and differences:
        notes += (sizes.describe(differences, len(infos), rescale),)
    return CheckReport(_counts(photographs), problems, notes)


def _counts(photographs) -> dict[str, int]:
    """Counts photographs, people and ignored areas, and photographs per split."""
    return {
        "photographs": len(photographs),
        "without_people": sum(bool(c.all()) for c in photographs.is_crowd),
        "people": photographs.num_people,
        "ignored_areas": photographs.num_ignored,
        **dict(sorted(Counter(photographs.splits).items())),
    }


def _boxes_outside(photographs, infos):
    """Describes the boxes that reach out of their image by more than the tolerance."""
    for name, path, boxes in zip(
        photographs.names, photographs.images, photographs.boxes
    ):
        size = infos[path].size if path in infos else None
        if size is None:
            continue
        last = boxes[:, :2] + boxes[:, 2:] - size
        outside = np.maximum(-boxes[:, :2], last).max(axis=1) > TOLERANCE
        for x, y, width, height in boxes[outside].round().astype(int).tolist():
            box = f"x {x}, y {y}, width {width}, height {height}"
            yield f"{name}: {box} of {size[0]} x {size[1]}"


def _duplicate_boxes(photographs):
    """Describes the people whose box an image has twice."""
    for name, boxes, is_crowd in zip(
        photographs.names, photographs.boxes, photographs.is_crowd
    ):
        people = boxes[~is_crowd]
        if repeated := len(people) - len({*map(tuple, people.tolist())}):
            yield f"{name}: {repeated} of {len(people)} boxes"
