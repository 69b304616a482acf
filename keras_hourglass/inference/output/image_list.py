"""Listed images: ids, names and categories that a COCO file gives to predictions."""

from pathlib import Path

from keras_hourglass.data.readers.files import DatasetError, read_json
from keras_hourglass.data.readers.image_names import ImageNames
from keras_hourglass.skeletons import Skeleton


class ImageList:
    """The images and categories that a COCO file lists.

    See `ImageNames` for the paths that fit a listed name.

    Args:
        path: Of a JSON file with `images`, each with `id` and `file_name`.

    Raises:
        FileNotFoundError: If there is no such file.
        DatasetError: If the file has another structure.
    """

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(
                f"`images_json` must be a file. Received: images_json={str(path)!r}"
            )
        content = read_json(self.path)
        self._images = ImageNames()
        try:
            for image in content["images"]:
                self._images.add(image["file_name"], image)
                image["id"]  # a missing one is an error now, not at its first use
            self.categories = content.get("categories") or []
        except (AttributeError, LookupError, TypeError):
            raise DatasetError(
                f"{path} must list `images`, each with `id` and `file_name`"
            ) from None

    def find(self, name: str) -> dict | None:
        """Returns the entry of the image with a path; None if it is not listed.

        Raises:
            ValueError: If several listed images fit equally well.
        """
        found = self._images.find(name)
        if len(found) > 1:
            names = ", ".join(image["file_name"] for image in found)
            raise ValueError(f"{name} fits several images of {self.path}: {names}")
        return found[0] if found else None

    def require(self, names):
        """Checks that each of some paths names an image of its own.

        Raises:
            ValueError: If images are not listed, or two paths fit one image.
        """
        entries = {name: self.find(name) for name in names}
        if missing := [name for name, entry in entries.items() if entry is None]:
            raise ValueError(
                f"{self.path} must list all images: {len(missing):,} of "
                f"{len(entries):,} are not in it, first {missing[0]}"
            )
        owners = {}
        for name, entry in entries.items():
            if (other := owners.setdefault(entry["id"], name)) != name:
                raise ValueError(
                    f"{self.path} must tell images apart: both {other} and {name} fit "
                    f"its image {entry['file_name']}"
                )

    def category_of(self, skeleton: Skeleton) -> dict | None:
        """Returns the category that has the joints of a skeleton, in any order."""
        for category in self.categories:
            names = category.get("keypoints") or []
            if len(names) == len(skeleton.joints) and skeleton.has_all(names):
                return category
        return None
