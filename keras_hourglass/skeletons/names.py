"""Names of joints: spellings that mean the same joint, and sides.

Annotation tools and their users spell one joint in many ways. Here is the one rule by
which files, skeletons and flip pairs agree.
"""

import re
from functools import cache

SIDES = {"left_": "right_", "right_": "left_"}
SIDE_LETTERS = {"left": "right", "l": "r"}
SIDE_WORDS = {"left": "left", "right": "right", "l": "left", "r": "right"}
CASE_CHANGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
SIDE_IN_FRONT = re.compile(r"(?<![^\W_])(left|right)(?=[^\W_])")  # of `leftear`
WORD = re.compile(r"[^\W_]+")
SHORT_SIDES = {"l_": "left_", "r_": "right_"}  # common in annotation files


@cache
def canonical_name(name: str) -> str:
    """Returns the form in which the names of joints are compared.

    Words in lower case, joined by `_`, with the side spelled out in front: `Left Eye`,
    `eye-left`, `L_eye`, `eyeL`, `leftEye` and `lefteye` become `left_eye`.
    """
    parted = SIDE_IN_FRONT.sub(r"\1 ", CASE_CHANGE.sub(" ", name).lower())
    words = WORD.findall(parted)
    sided = [i for i, word in enumerate(words) if word in SIDE_WORDS]
    spelled_out = [i for i in sided if words[i] in SIDE_WORDS.values()]
    sided = spelled_out or sided
    if len(sided) == 1 and len(words) > 1:
        words = [SIDE_WORDS[words.pop(sided[0])], *words]
    return "_".join(words) or name


def unique_names(names) -> list[str]:
    """Returns each of the names once, in its first spelling."""
    spellings = {}
    for name in names:
        spellings.setdefault(canonical_name(name), name)
    return [*spellings.values()]


def full_name(name: str) -> str:
    """Spells out a side that is the first letter: `l_knee` becomes `left_knee`."""
    name = name.strip()
    for short, side in SHORT_SIDES.items():
        if name.startswith(short):
            return side + name.removeprefix(short)
    return name


def without_side(name: str) -> str:
    """Removes the side of a canonical name: `left_knee` becomes `knee`."""
    for side in SIDES:
        name = name.removeprefix(side)
    return name


def mirrored_name(name: str) -> str:
    """Returns the canonical name of the other side; itself for a middle joint."""
    for side, other in SIDES.items():
        if name.startswith(side):
            return other + name.removeprefix(side)
    return name


def side_guesses(name: str) -> set[str]:
    """Returns a name with one `left` as `right`, or one `l` as `r`: of the other side?

    `lwrist` may be one of two sides, and `lip` is not: to warn of, not to pair.
    """
    return {
        name[: place.start()] + other + name[place.end() :]
        for side, other in SIDE_LETTERS.items()
        for place in re.finditer(side, name)
    }


def both_sides(*names):
    """Returns the names of the right and the left joint of each name."""
    return tuple(side + name for name in names for side in ("right_", "left_"))
