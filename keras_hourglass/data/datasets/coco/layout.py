"""COCO's layout: which split an annotation file is, and where its images lie."""

from pathlib import Path

PATTERN = "person_keypoints*.json"


def subset_of(path: Path) -> str:
    """Returns the subset, such as "val2017", that the name of a file ends in."""
    return path.name.split(".")[0].removeprefix("person_keypoints").strip("_")


def split_of(subset: str) -> str:
    """Returns "val" for a subset of validation people, else "train"."""
    return "val" if "val" in subset else "train"


def image_folder(root: Path, subset: str) -> Path:
    """Finds the folder with the images of a subset such as "val2017"."""
    folders = [root / subset, root / "images" / subset] if subset else []
    return next((folder for folder in folders if folder.is_dir()), root / "images")
