"""COCO's list of images: name and size of each, by id."""

from typing import NamedTuple

from keras_hourglass.data.readers.rows import parse_positive


class ListedImage(NamedTuple):
    """An image of the list.

    Attributes:
        file_name: As the file has it.
        size: Width and height, pixels; NaN where the file does not say.
    """

    file_name: str
    size: tuple[float, float]


def read_images(contents: dict) -> dict[str, ListedImage]:
    """Reads the images of a file: id, as text -> image.

    Raises:
        LookupError, TypeError, ValueError: If it lists none, or two of the same id.
    """
    images = {}
    for entry in contents["images"]:
        size = tuple(parse_positive(entry.get(side)) for side in ("width", "height"))
        image = ListedImage(entry["file_name"], size)
        first = images.setdefault(to_id(entry["id"]), image)
        if first.file_name != image.file_name:
            raise ValueError(f"two images have the id {entry['id']!r}")
    return images


def to_id(value) -> str:
    """Returns an id as text, in which ids are compared: 3, "3" and 3.0 are one."""
    return str(value).removesuffix(".0")
