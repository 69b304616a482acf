"""Labelme: a JSON file per image, with points and boxes.

https://github.com/wkentaro/labelme

A point is a joint, under its label; a rectangle is a person's box. Shapes of the same
`group_id` are of one person; those without one, too.
"""

from collections import Counter, defaultdict

import numpy as np

from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.image_finder import image_finder
from keras_hourglass.data.readers.points import row_of_points, skeleton_of_points
from keras_hourglass.data.readers.rows import collect_people, parse_positive
from keras_hourglass.data.readers.subsets import split_of_folders
from keras_hourglass.skeletons import canonical_name

JOINT, BOX = "point", "rectangle"  # values of `shape_type`
SIDES = ("Width", "Height")
GROUP = "the shapes of each person must have a `group_id` of their own"


def load_labelme(root, images=None) -> People:
    """Loads the people of all files of a folder.

    The joints are the labels of all points, in the order of the files' names.

    Args:
        root: Folder with JSON files, itself or in its subfolders; or one file.
        images: Folder of the images; by default, they are looked for beside the files
            and in the usual folders.
    """
    root, file = files.locate_root(root, "labelme")
    found = [file] if file else files.glob(root, "**/*.json", compressed=False)
    read = {path: _read(path) for path in found}
    usable = {path: each for path, each in read.items() if is_labelme(each)}
    shapes = [shape for each in usable.values() for shape in each["shapes"]]
    labels = [
        shape["label"]
        for shape in shapes
        if _kind(shape) == JOINT and isinstance(shape.get("label"), str)
    ]
    if not labels:
        raise files.DatasetError(
            f"`root` must hold labelme's JSON files, with `imagePath` and `shapes` of "
            f"type {JOINT!r}, itself or in its subfolders. Received: "
            f"root={str(file or root)!r}"
        )
    skeleton, folders = skeleton_of_points(labels, root), defaultdict(dict)
    for path, contents in usable.items():
        folders[path.parent][path] = contents
    parts = [_load_folder(each, skeleton, root, images) for each in folders.values()]
    notes = _notes(root, len(read) - len(usable), shapes)
    return concatenate(parts).with_notes(*notes)


def _read(path):
    """Reads a file without the image in it, a hundred times as large as its shapes."""
    contents = files.read_json(path)
    if isinstance(contents, dict):
        contents.pop("imageData", None)
    return contents


def is_labelme(contents) -> bool:
    """Returns whether the contents of a JSON file are an image's of labelme."""
    return (
        isinstance(contents, dict)
        and isinstance(contents.get("shapes"), list)
        and "imagePath" in contents
    )


def _kind(shape):
    return str(shape.get("shape_type", JOINT)) if isinstance(shape, dict) else None


def _notes(root, others, shapes):
    """Counts the files that are not labelme's, and the shapes that are not read."""
    if others:
        yield f"{others:,} JSON files of {root} are not labelme's: left out"
    for kind, count in Counter(map(_kind, shapes)).items():
        if kind not in (JOINT, BOX, None):
            yield f"{count:,} shapes of {root} are neither points nor boxes: {kind}"


def _load_folder(read, skeleton, root, images):
    """Loads the people of the files of one folder, path -> contents."""
    first, entries = next(iter(read)), []
    for path, each in read.items():
        groups = defaultdict(list)
        for shape in each["shapes"]:
            group = shape.get("group_id") if isinstance(shape, dict) else None
            groups["" if group is None else f", group {group}"].append(shape)
        for group, shapes in groups.items():
            entries.append((f"{path}{group}", (each, shapes)))
    names = [each["imagePath"] for each in read.values()]
    finder = image_finder(first, root, names, images, first.parent.name)
    split = split_of_folders(first, root) or "train"

    def parse(entry):
        contents, shapes = entry
        points, box = parse_shapes(shapes)
        size = [parse_positive(contents.get(f"image{side}")) for side in SIDES]
        row = row_of_points(contents["imagePath"], points, skeleton, box)
        return {**row, "split": split, "listed_size": size}

    return collect_people(entries, parse, skeleton, first.parent, finder)


def parse_shapes(shapes: list[dict]) -> tuple[dict, list | None]:
    """Returns the joints, canonical name -> (x, y), and the box of one person's shapes.

    Raises:
        ValueError: If a label or the box comes twice, or a shape is faulty.
    """
    points, boxes = {}, []
    for shape in shapes:
        kind = _kind(shape)
        if kind is None:
            raise ValueError("a shape must be an object")
        if kind not in (JOINT, BOX):
            continue
        places = np.array(shape["points"], float)
        # Of a rectangle, labelme has two corners, and X-AnyLabeling four.
        least, most = (1, 1) if kind == JOINT else (2, np.inf)
        if places.shape[1:] != (2,) or not least <= len(places) <= most:
            raise ValueError(f"{kind} {shape['label']!r} has points {shape['points']}")
        if kind == BOX:
            low, high = places.min(0), places.max(0)
            boxes.append([*low, *(high - low)])
        elif (name := canonical_name(shape["label"])) in points:
            raise ValueError(f"point {shape['label']!r} comes twice; {GROUP}")
        else:
            points[name] = tuple(places[0] - 0.5)  # the first pixel spans 0 to 1
    if points and len(boxes) > 1:
        raise ValueError(f"there are {len(boxes)} boxes; {GROUP}")
    return points, boxes[0] if boxes else None
