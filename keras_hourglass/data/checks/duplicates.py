"""Who is there twice, and which pictures are."""

import numpy as np

from keras_hourglass.data.people import People

MAX_DISTANCE = (
    0.02  # of the window: joints of the same person, labelled twice, differ by less
)


def duplicate_people(people: People) -> dict[int, int]:
    """Row of a person -> the earlier row of the same person, in the same picture."""
    rows_of, found = {}, {}
    for row, path in enumerate(people.images):
        rows_of.setdefault(path, []).append(row)
    for rows in rows_of.values():
        for place, row in enumerate(rows):
            same = [other for other in rows[:place] if _same(people, row, other)]
            if same:
                found[row] = same[0]
    return found


def _same(people, row, other):
    """Whether joints that both have differ by little, and few have only one."""
    used, used_other = people.weights[row] > 0, people.weights[other] > 0
    both = used & used_other
    if 2 * both.sum() < (used | used_other).sum() or not both.any():
        return False
    apart = np.linalg.norm(people.joints[row] - people.joints[other], axis=-1)[both]
    return bool(apart.max() <= MAX_DISTANCE * people.sides[row])


def duplicate_images(digests: dict[str, bytes]) -> dict[str, str]:
    """Path -> the first path whose file has the same bytes."""
    first, found = {}, {}
    for path, digest in digests.items():
        if first.setdefault(digest, path) != path:
            found[path] = first[digest]
    return found
