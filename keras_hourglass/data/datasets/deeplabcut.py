"""DeepLabCut projects: labeled frames, in a `CollectedData_*.csv` per video.

Mathis et al. DeepLabCut: markerless pose estimation of user-defined body parts with
deep learning, Nature Neuroscience 2018. https://github.com/DeepLabCut/DeepLabCut

The columns of a file are named by three lines, `scorer`, `bodyparts` and `coords`, or
by four, with `individuals`, where there are several animals. Images are named in one
column, or in three: folder, video, frame. Pixels count from 0.
"""

import csv
import math
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.image_finder import image_finder
from keras_hourglass.data.readers.points import row_of_points, skeleton_of_points
from keras_hourglass.data.readers.rows import SkipPerson, collect_people
from keras_hourglass.data.readers.subsets import split_of_folders
from keras_hourglass.data.readers.table import detect_delimiter, parse_number
from keras_hourglass.skeletons import canonical_name

PATTERN = "CollectedData*.csv"
LABELED_DATA = "labeled-data"  # of a project: a folder per video
HEADER = ("scorer", "individuals", "bodyparts", "coords")
OF_NO_ANIMAL = "single"  # the individual of "unique body parts", as of the cage
UNIQUE = "body parts of no animal"


class Table(NamedTuple):
    """The labels of a file.

    Attributes:
        path: Of the file.
        columns: (individual, body part, "x" or "y" or "likelihood") of each column.
        frames: (number of the line, name of the image, cells) of each frame.
    """

    path: Path
    columns: list[tuple[str, str, str]]
    frames: list[tuple[int, str, list[str]]]

    @property
    def individuals(self):
        return [*dict.fromkeys(column[0] for column in self.columns)]

    @property
    def bodyparts(self):
        """The body parts of animals; of `single` only if there is no other."""
        names = [*filter(self.is_animal, self.individuals)]
        return [*dict.fromkeys(c[1] for c in self.columns if c[0] in names)]

    def is_animal(self, individual: str) -> bool:
        return individual != OF_NO_ANIMAL or len(self.individuals) == 1


def load_deeplabcut(root, images=None) -> People:
    """Loads the labeled animals of a project.

    Args:
        root: Folder of a project, with `labeled-data/VIDEO/CollectedData_*.csv`, or
            another with such files, itself or in its subfolders; or such a file.
        images: Folder of the images; by default, they are looked for beside the file
            and in the usual folders.
    """
    root, paths = _find_tables(root)
    tables = [*map(read_table, paths)]
    bodyparts = [part for table in tables for part in table.bodyparts]
    skeleton = skeleton_of_points(bodyparts, root)
    return concatenate([_load(each, skeleton, root, images) for each in tables])


def _find_tables(root):
    root, path = files.locate_root(root, "deeplabcut")
    if path:
        return root, [path]
    for folder in ("", "*/", f"{LABELED_DATA}/*/"):
        if found := files.glob(root, folder + PATTERN, compressed=False):
            return root, found
    raise files.DatasetError(
        f"`root` must hold {PATTERN}, itself, in its folders or in its "
        f"`{LABELED_DATA}/*/`, or be such a file. Received: root={str(root)!r}"
    )


def read_table(path: Path) -> Table:
    """Reads a `CollectedData_*.csv`.

    Raises:
        DatasetError: If it is not such a table.
    """
    text = files.read_text(path)
    lines = csv.reader(StringIO(text, newline=""), delimiter=detect_delimiter(text))
    header, frames = {}, []
    try:
        for cells in lines:
            cells = [cell.strip() for cell in cells]
            if not frames and cells and cells[0].lower() in HEADER:
                header[cells[0].lower()] = cells
            elif any(cells):
                frames.append((lines.line_num, cells))
    except csv.Error as error:
        raise files.DatasetError(f"{path}: {error}") from None
    coords = [cell.lower() for cell in header.get("coords", [])]
    if "x" not in coords or "bodyparts" not in header:
        raise files.DatasetError(
            f"{path} must begin with lines named 'scorer', 'bodyparts' and 'coords'"
        )
    first = coords.index("x")  # those before name the image
    rows = [header.get("individuals", [""] * len(coords)), header["bodyparts"], coords]
    if len({len(row) for row in rows}) > 1:
        raise files.DatasetError(f"{path}: its header lines differ in length")
    columns = [*zip(*(row[first:] for row in rows))]
    if len({(i, canonical_name(part), c) for i, part, c in columns}) < len(columns):
        raise files.DatasetError(f"{path}: its header names a column twice")
    return Table(
        path,
        columns,
        [(n, "/".join(filter(None, c[:first])), c[first:]) for n, c in frames],
    )


def _load(table, skeleton, root, images):
    entries = [
        (_describe(table.path, line, image, individual), (image, individual, cells))
        for line, image, cells in table.frames
        for individual in table.individuals
    ]
    finder = image_finder(table.path, root, [f[1] for f in table.frames], images)
    split = split_of_folders(table.path, root) or "train"

    def parse(entry):
        image, individual, cells = entry
        points = parse_points(table.columns, individual, cells)
        if points and not table.is_animal(individual):
            raise SkipPerson(UNIQUE)
        return {**row_of_points(image, points, skeleton), "split": split}

    return collect_people(entries, parse, skeleton, table.path, finder)


def _describe(path, line, image, individual):
    return f"{image} ({path}, line {line}{individual and f', {individual}'})"


def parse_points(columns, individual: str, cells: list[str]) -> dict:
    """Returns body part -> (x, y, confidence), of an individual's labels in a line.

    Raises:
        ValueError: If a cell is not a number, or x or y alone is given.
    """
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} cells stand under {len(columns)} columns")
    filled = {f"{p} {c}": v for (i, p, c), v in zip(columns, cells) if i == individual}
    numbers = {name: parse_number(filled, name) for name, v in filled.items() if v}
    numbers = {k: v for k, v in numbers.items() if not math.isnan(v)}
    points = {}
    for part in dict.fromkeys(column[1] for column in columns):
        x, y = numbers.get(f"{part} x"), numbers.get(f"{part} y")
        if (x is None) != (y is None):
            raise ValueError(f"body part {part!r} must have both x and y, or none")
        if x is not None:
            points[part] = x, y, numbers.get(f"{part} likelihood", 1)
    return points
