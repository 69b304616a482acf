"""What is wrong with a dataset, as far as a program can tell."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from keras_hourglass.data.checks import duplicates, sides
from keras_hourglass.data.checks.images import ImageInfo, inspect_image
from keras_hourglass.data.people import People
from keras_hourglass.data.readers.paths import display_path
from keras_hourglass.geometry import Window

PROBLEMS = {  # what may be found -> how it is called
    "unusable": "people that cannot be used as they are written",
    "missing": "pictures that are missing",
    "broken": "pictures that cannot be read",
    "turned": "pictures that are turned as their EXIF tag says",
    "outside": "people with joints outside of their picture",
    "headless": "people with a head of size 0, who are never scored",
    "exchanged": "people whose left and right look exchanged",
    "twice": "people who are there twice",
    "copies": "pictures that are there twice, under two names",
}
HARMLESS = {  # what is to be known, but not to be mended for sure
    "turned",  # the library reads them as they are shown
    "exchanged",  # a guess: a body may well be twisted so
}
TOLERANCE = 1  # pixel around the picture, in which a joint is taken to be on its rim


@dataclass(frozen=True)
class CheckReport:
    """What was found.

    Attributes:
        counts: Of people, pictures, labelled joints, and people of each split.
        found: Kind of `KINDS` -> each case: file, person, and why.
        notes: How many people the dataset's reader leaves out, and why: such as those
            with no usable joint. They do no harm.
    """

    counts: dict[str, int]
    found: dict[str, list[str]]
    notes: tuple[str, ...]

    @property
    def wrong(self) -> bool:
        """Whether there is anything that should be mended."""
        return any(cases for kind, cases in self.found.items() if kind not in HARMLESS)


def check_people(
    people: People, faults=(), decode=True, threads=None, advance=None
) -> CheckReport:
    """Looks at every person and every picture.

    Args:
        people: As `data.load(..., missing="keep", faults=faults)` gives them.
        faults: (name, why) of those who cannot be used.
        decode: Whether to decode the pictures, which alone finds damage within.
        threads: Pictures at a time; as many as there are cores, unless given.
        advance: Called with how many more pictures are done.
    """
    files = [*dict.fromkeys(people.images[people.readers == None])]  # noqa: E711
    facts = _inspect_image(
        files, decode, threads or os.cpu_count(), advance or (lambda n: None)
    )
    names = people.names
    found = {
        "unusable": [f"{name}: {why}" for name, why in faults],
        "missing": [display_path(path) for path in files if facts[path].missing],
        "broken": [facts[path].fault for path in files if facts[path].fault],
        "turned": [display_path(path) for path in files if facts[path].turned],
        "outside": _joints_outside(people, facts),
        "headless": [*names[people.head_sizes <= 0]],
        "exchanged": [
            f"{names[row]}: {why}" for row, why in sides.swapped_sides(people).items()
        ],
        "twice": [
            f"{names[row]} is {names[other]}"
            for row, other in duplicates.duplicate_people(people).items()
        ],
        "copies": [
            f"{display_path(path)} is {display_path(other)}"
            for path, other in duplicates.duplicate_images(
                {path: facts[path].digest for path in files if facts[path].digest}
            ).items()
        ],
    }
    if throughout := sides.mirrored_throughout(people):
        found["exchanged"].insert(0, throughout)
    counts = {
        "people": len(people),
        "pictures": len({*people.images}),
        "labelled_joints": int((people.weights > 0).sum()),
        **dict(sorted(Counter(people.splits).items())),
    }
    return CheckReport(counts, found, people.notes)


def _inspect_image(files, decode, threads, advance) -> dict[str, ImageInfo]:
    facts, pool = {}, ThreadPoolExecutor(threads)
    try:
        for path, fact in zip(
            files, pool.map(lambda path: inspect_image(path, decode), files)
        ):
            facts[path] = fact
            advance(1)
    finally:
        pool.shutdown(cancel_futures=True)
    return facts


def _joints_outside(people, facts) -> list[str]:
    """Who has joints that lie beyond the rim of the picture, and the first of them."""
    found = []
    for row, path in enumerate(people.images):
        size = facts[path].size if path in facts else None
        if size is None:
            continue
        box = np.array(
            [-TOLERANCE, -TOLERANCE, size[0] + 2 * TOLERANCE, size[1] + 2 * TOLERANCE]
        )
        place = Window.from_rectangle(box).to_grid(people.joints[row], (1, 1))
        out = (np.abs(place) > 0.5).any(-1) & (people.weights[row] > 0)
        if out.any():
            first = int(out.argmax())
            found.append(
                f"{people.names[row]}: {people.skeleton.joints[first]} at "
                f"({people.joints[row, first, 0]:.0f}, "
                f"{people.joints[row, first, 1]:.0f}) of {size[0]} x {size[1]}"
            )
    return found
