"""From a dataset's entries to its people: what every reader does with each of them."""

from collections import Counter
from pathlib import Path

from keras_hourglass.data.people import People, from_rows
from keras_hourglass.data.reading import files, pictures
from keras_hourglass.data.reading.bounds import within
from keras_hourglass.skeleton import Skeleton


class LeftOut(Exception):
    """Why an entry is nobody to use, though nothing is wrong: counted, no fault."""


NO_JOINT = "no usable joint"


def gather(
    entries, read, skeleton: Skeleton, path: Path, images: Path, faults=None
) -> People:
    """The people of a file.

    Args:
        entries: Of (name to tell a person by, what the file says of them).
        read: Makes a row of `people.from_rows` of what the file says. Raises LeftOut,
            or any of `WRONG` if it cannot be.
        skeleton: What the joints of the rows are.
        path: Of the file, for messages.
        images: Folder of the pictures that the rows name.
        faults: A list, to gather (name, what is wrong) of those who cannot be used in
            place of the error for the first.

    Raises:
        DatasetError: If something is wrong with a person, and `faults` is None.
    """
    entries = [*entries]
    rows, left_out = [], Counter()
    for name, entry in entries:
        try:
            row = within(read(entry), skeleton.joints)
            picture = pictures.inside(images, row["picture"])
        except LeftOut as reason:
            left_out[str(reason)] += 1
        except WRONG as error:
            if faults is None:
                raise files.DatasetError(f"{name}: {said(error)}") from None
            faults.append((name, said(error)))
        else:
            rows.append({**row, "picture": picture, "name": name})
    listed = Counter(row["picture"] for row in rows)
    rows = [{"others": listed[row["picture"]] - 1, **row} for row in rows]
    return from_rows(skeleton, rows).noting(
        *(
            f"{count:,} of {len(entries):,} people of {path} are left out: {reason}"
            for reason, count in left_out.items()
        )
    )


WRONG = (  # a file's own mistakes
    *(AttributeError, LookupError, OverflowError, TypeError, ValueError),
)


def said(error: Exception) -> str:
    """What an error says is wrong, in words for the user."""
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    return str(error)


def numbered(path: Path, listed: list, key: str):
    """(name, entry) for each entry of a file's list.

    Args:
        path: Of the file.
        listed: What it lists.
        key: Under which an entry names its picture.
    """
    for number, entry in enumerate(listed):
        name = f"{path}, person {number}"
        picture = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(picture, str) and len(picture) <= pictures.LONGEST:
            name = f"{pictures.shown(picture)} ({name})"
        yield name, entry
