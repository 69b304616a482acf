"""Duplicate people and duplicate image files."""

import numpy as np

from keras_hourglass.data.people import People

# Of the window's side: joints of one person that was labeled twice differ by less.
MAX_DISTANCE = 0.02


def duplicate_people(people: People) -> dict[int, int]:
    """Finds people who are labeled twice in the same image.

    Returns:
        Row of each duplicate -> the first row of the same person.
    """
    rows_of, duplicates = {}, {}
    for row, path in enumerate(people.images):
        rows_of.setdefault(path, []).append(row)
    for rows in rows_of.values():
        for index, row in enumerate(rows):
            same = [other for other in rows[:index] if _is_same(people, row, other)]
            if same:
                duplicates[row] = same[0]
    return duplicates


def _is_same(people, row, other):
    """Returns whether most joints are labeled for both people, and all those agree."""
    labeled, labeled_other = people.weights[row] > 0, people.weights[other] > 0
    both = labeled & labeled_other
    if 2 * both.sum() < (labeled | labeled_other).sum() or not both.any():
        return False
    apart = np.linalg.norm(people.joints[row] - people.joints[other], axis=-1)[both]
    return bool(apart.max() <= MAX_DISTANCE * people.sides[row])


def duplicate_images(digests: dict[str, bytes]) -> dict[str, str]:
    """Finds files with the same bytes.

    Args:
        digests: Path -> digest of the file.

    Returns:
        Path of each duplicate -> the first path with the same digest.
    """
    first, duplicates = {}, {}
    for path, digest in digests.items():
        if first.setdefault(digest, path) != path:
            duplicates[path] = first[digest]
    return duplicates
