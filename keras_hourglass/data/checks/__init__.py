"""Dataset checks: faults in annotations and image files that a program can find."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from keras_hourglass.data.checks import duplicates, sides
from keras_hourglass.data.checks.images import ImageInfo, inspect_image
from keras_hourglass.data.people import People
from keras_hourglass.data.people.joint_notes import unlabeled_notes
from keras_hourglass.data.readers import sizes
from keras_hourglass.data.readers.paths import display_path
from keras_hourglass.geometry import Window
from keras_hourglass.utils.cores import core_count

PROBLEMS = {  # kind of problem -> description
    "unusable": "people or images whose annotation is faulty",
    "missing": "images that are missing",
    "broken": "images that cannot be read",
    "rotated": "images that are rotated or mirrored by their EXIF orientation",
    "scaled_sizes": "images of another scale than listed: `rescale=True` scales labels",
    "swapped_sizes": "images whose listed sides are swapped",
    "other_sizes": "images of another shape than listed",
    "joints_outside": "people with joints outside of their image",
    "joints_at_zero": "people with joints labeled at (0, 0), as if without a label",
    "no_head_size": "people with a head or a box of size 0, who are never scored",
    "swapped_sides": "people whose left and right seem to be swapped",
    "duplicate_people": "people who are listed twice",
    "duplicate_images": "images that exist twice, under two names",
}
HARMLESS = {  # worth knowing, but no reason to fail
    "rotated",  # images are read upright
    "swapped_sides",  # a heuristic: a body may be twisted as far
}
TOLERANCE = 1  # pixels outside of the image in which a joint counts as on its edge


@dataclass(frozen=True)
class CheckReport:
    """Result of a check.

    Attributes:
        counts: Numbers of people, images and labeled joints, and of people per split.
        problems: Kind of `PROBLEMS` -> each case: file, person, reason.
        notes: Number of people that the dataset's reader leaves out, and the reason,
            such as no usable joint. They are not problems.
    """

    counts: dict[str, int]
    problems: dict[str, list[str]]
    notes: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Returns whether there are no people, or problems that are not `HARMLESS`."""
        return not self.counts["people"] or any(
            cases for kind, cases in self.problems.items() if kind not in HARMLESS
        )


def check_people(
    people: People,
    faults=(),
    decode=True,
    threads=None,
    advance=None,
    rescale: bool = False,
) -> CheckReport:
    """Checks every person and every image of a dataset.

    Args:
        people: From `load_dataset(..., missing="keep")`, within `collect_faults`.
        faults: (name, reason) of each faulty entry, from `collect_faults`.
        decode: Whether to decode all images, which is needed to find damage in them.
        threads: Images inspected in parallel; the number of cores by default.
        advance: Called with the number of images done since its last call.
        rescale: Whether labels are scaled to the size of their image, as by this
            option of `load_dataset`: images to whose size they are fitted are no
            problem.
    """
    files = [*dict.fromkeys(people.images[people.readers == None])]  # noqa: E711
    infos = inspect_images(files, decode, threads, advance)
    headers = {path: info.header for path, info in infos.items() if info.header}
    differences = sizes.find_differences(people, headers)
    joints_at_zero = _joints_at_zero(people)
    people, names = sizes.fit_people(people, differences, rescale), people.names
    duplicate_people = duplicates.duplicate_people(people)
    problems = {
        "unusable": [f"{name}: {reason}" for name, reason in faults],
        **image_problems(infos, differences, rescale),
        "joints_outside": _joints_outside(people, infos),
        "joints_at_zero": joints_at_zero,
        "no_head_size": [*names[people.reference_lengths <= 0]],
        "swapped_sides": [
            f"{names[row]}: {reason}"
            for row, reason in sides.swapped_sides(people).items()
        ],
        "duplicate_people": [
            f"{names[row]} is {names[first]}" for row, first in duplicate_people.items()
        ],
        "duplicate_images": duplicate_image_files(infos),
    }
    if throughout := sides.mirrored_throughout(people):
        problems["swapped_sides"].insert(0, throughout)
    notes = (*people.notes, *unlabeled_notes(people))
    if rescale and differences:
        notes += (sizes.describe(differences, len(infos), rescale),)
    return CheckReport(_counts(people), problems, notes)


def _counts(people) -> dict[str, int]:
    """Counts people, images and labeled joints, and the people of each split."""
    return {
        "people": len(people),
        "images": len({*people.images}),
        "labeled_joints": int((people.weights > 0).sum()),
        **dict(sorted(Counter(people.splits).items())),
    }


def inspect_images(files, decode, threads, advance) -> dict[str, ImageInfo]:
    """Inspects image files in parallel, see `check_people`: path -> what is known."""
    infos, pool = {}, ThreadPoolExecutor(threads or core_count())
    try:
        inspected = pool.map(lambda path: inspect_image(path, decode), files)
        for path, info in zip(files, inspected):
            infos[path] = info
            if advance is not None:
                advance(1)
    finally:
        pool.shutdown(cancel_futures=True)
    return infos


def image_problems(infos, differences, rescale) -> dict[str, list[str]]:
    """Describes the images that are not as they should be, by kind of problem."""
    return {
        "missing": [display_path(path) for path, i in infos.items() if i.missing],
        "broken": [info.fault for info in infos.values() if info.fault],
        "rotated": [display_path(path) for path, i in infos.items() if i.rotated],
        **_sizes(differences, rescale),
    }


def duplicate_image_files(infos) -> list[str]:
    """Describes the image files that exist twice, under two names."""
    digests = {path: info.digest for path, info in infos.items() if info.digest}
    return [
        f"{display_path(path)} is {display_path(first)}"
        for path, first in duplicates.duplicate_images(digests).items()
    ]


def _sizes(differences, rescale) -> dict[str, list[str]]:
    """Describes the images of another size than listed, by kind of problem."""
    cases = {f"{kind}_sizes": [] for kind in sizes.KINDS}
    for path, each in differences.items():
        if not (rescale and each.is_fitted(rescale)):
            cases[f"{each.kind}_sizes"].append(f"{display_path(path)}: {each}")
    return cases


def _joints_at_zero(people) -> list[str]:
    """Describes the people with joints at (0, 0), which tools write for no label."""
    at_zero = (people.weights > 0) & (people.joints == 0).all(-1)
    return [
        f"{people.names[row]}: {people.skeleton.joints[int(at_zero[row].argmax())]}"
        for row in np.flatnonzero(at_zero.any(-1))
    ]


def _joints_outside(people, infos) -> list[str]:
    """Describes the people with joints outside of their image, with the first joint."""
    cases = []
    for row, path in enumerate(people.images):
        size = infos[path].size if path in infos else None
        if size is None:
            continue
        box = np.array(
            [-TOLERANCE, -TOLERANCE, size[0] + 2 * TOLERANCE, size[1] + 2 * TOLERANCE]
        )
        points = Window.from_rectangle(box).to_grid(people.joints[row], (1, 1))
        outside = (np.abs(points) > 0.5).any(-1) & (people.weights[row] > 0)
        if outside.any():
            first = int(outside.argmax())
            x, y = people.joints[row, first]
            cases.append(
                f"{people.names[row]}: {people.skeleton.joints[first]} at "
                f"({x:.0f}, {y:.0f}) of {size[0]} x {size[1]}"
            )
    return cases
