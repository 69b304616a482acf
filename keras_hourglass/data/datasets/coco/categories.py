"""COCO's categories: the one whose annotations are read, its joints and its limbs.

Each category lists the names of its joints in the order of its annotations' numbers;
the order differs from tool to tool.
"""

from dataclasses import dataclass

from keras_hourglass import skeletons
from keras_hourglass.data.datasets.coco.images import to_id
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import SkipPerson, require_structure
from keras_hourglass.skeletons import COCO, PERSON, Skeleton, canonical_name
from keras_hourglass.utils import suggest

STRUCTURE = "list `images`, `annotations` and `categories` as COCO does"
ASSUMED = "lists no joints under `categories`: COCO's, in COCO's order, are assumed"


@dataclass(frozen=True)
class Category:
    """The category of a file whose annotations are read.

    Attributes:
        name: Its name; None where the file has no categories.
        skeleton: Its joints, in the order of the file.
        names: Id -> name of each category of the file, ids as text.
        notes: Sentences for the user.
    """

    name: str | None
    skeleton: Skeleton
    names: dict[str, str]
    notes: tuple[str, ...] = ()

    def require(self, entry: dict):
        """Checks that an annotation is of this category.

        Raises:
            SkipPerson: If it is of another category.
            TypeError: If it is not an object of JSON.
        """
        if not isinstance(entry, dict):
            raise TypeError(f"an annotation must be an object, not {entry!r}")
        number = entry.get("category_id")
        name = self.names.get(to_id(number))
        if name is None and number is not None and len(self.names) > 1:
            raise SkipPerson(f"of no listed category: {number!r}")
        if name not in (None, self.name):
            raise SkipPerson(f"of the category {name!r}, not {self.name!r}")


def choose_category(
    contents: dict, category: str | None = None, joints: bool = True
) -> str | None:
    """Chooses the category to read from one or more files of a dataset.

    Args:
        contents: Path of each file -> its contents.
        category: Its name. By default "person" if there, else the only one with joints.
        joints: Whether a category that is named must have joints.

    Returns:
        Its name as the first file spells it; None where they list no categories.

    Raises:
        DatasetError: If there is no such category, or several could be meant.
    """
    listed = []
    for path, content in contents.items():
        with require_structure(path, STRUCTURE):
            listed += _entries(content)
    with_joints = [entry for entry in listed if entry.get("keypoints")]
    usable = with_joints or listed if joints or category is None else listed
    names = [*dict.fromkeys(entry["name"] for entry in usable)]
    if category is None:
        if len({name.casefold() for name in names}) < 2:
            return names[0] if names else None
        if (found := find_spelling(PERSON, names)) is None:
            have = "have joints" if with_joints else "are listed"
            raise DatasetError(
                f"`category` must say which annotations are read: {names} {have}"
            )
    elif (found := find_spelling(category, names)) is None:
        kind = "one with joints" if joints else "one that the files list"
        raise DatasetError(
            f"`category` must be {kind}. {suggest(category, names)} "
            f"Received: category={category!r}"
        )
    return found


def find_spelling(name: str, names: list[str]) -> str | None:
    """Finds a name among others, which may differ in upper and lower case."""
    if name in names:
        return name
    alike = (other for other in names if other.casefold() == name.casefold())
    return next(alike, None)


def read_category(content: dict, name: str | None, path) -> Category:
    """Reads the joints and limbs of a category.

    Args:
        content: Of the file.
        name: From `choose_category`.
        path: Of the file, for messages.

    Raises:
        DatasetError: If its joints are not different names.
    """
    entries = _entries(content)
    names = {to_id(entry["id"]): entry["name"] for entry in entries}
    name = name and (find_spelling(name, [*names.values()]) or name)
    with_joints = [entry for entry in entries if entry.get("keypoints")]
    found = [entry for entry in with_joints if entry["name"] == name]
    if not found:
        notes = () if with_joints else (f"{path} {ASSUMED}",)
        return Category(name, COCO, names, notes)
    with require_structure(path, f"name the joints of the category {name!r}"):
        joints = _names(found[0]["keypoints"])
        if any(_names(entry["keypoints"]) != joints for entry in found):
            raise ValueError("two categories of that name have other joints")
        skeletons.of_joints(joints)
    limbs, notes = (), ()
    try:
        limbs = read_limbs(found[0].get("skeleton") or (), joints)
    except (IndexError, TypeError, ValueError):
        notes = (
            f"{path}: the limbs of {name!r} are left out: they must be pairs of "
            f"numbers, from 1 to {len(joints)}, or of names of its joints",
        )
    return Category(name, skeletons.of_joints(joints, limbs, name), names, notes)


def read_limbs(pairs, joints: list[str]) -> tuple[tuple[str, str], ...]:
    """Returns the names that limbs join, from numbers or names of joints.

    COCO counts joints from 1. Where a limb has number 0, the file counts from 0.

    Raises:
        IndexError: If there is no joint of a number.
        TypeError, ValueError: If it is not a list of pairs of numbers or of names.
    """
    pairs, names = [(a, b) for a, b in pairs], {canonical_name(j): j for j in joints}
    ends = [end for pair in pairs for end in pair]
    if all(isinstance(end, str) and canonical_name(end) in names for end in ends):
        ends = [names[canonical_name(end)] for end in ends]
        return tuple((a, b) for a, b in zip(ends[::2], ends[1::2]) if a != b)
    pairs = [(int(a), int(b)) for a, b in pairs]
    first = 0 if any(0 in pair for pair in pairs) else 1
    if any(min(pair) < first for pair in pairs):
        raise IndexError("numbers of joints must not be negative")
    return tuple((joints[a - first], joints[b - first]) for a, b in pairs if a != b)


def _names(joints) -> list[str]:
    """Returns the names of joints, some of which may be numbers."""
    if not isinstance(joints, list) or not all(
        isinstance(j, (str, int)) for j in joints
    ):
        raise TypeError("`keypoints` must be a list of names")
    return [str(joint) for joint in joints]


def _entries(content: dict) -> list[dict]:
    """Returns the categories of a file, each with an id and a name."""
    entries = content.get("categories") or []
    for entry in entries:
        if not (isinstance(entry["name"], str) and "id" in entry):
            raise ValueError("each must have an `id`, and a `name` of text")
    return entries
