"""Output writers: keypoints as JSON lines or CSV, and drawings."""

import csv
import json
import logging
import sys
from contextlib import ExitStack, contextmanager
from os.path import abspath, relpath
from pathlib import Path

import numpy as np

from keras_hourglass.data.readers.table import (
    BOX_COLUMNS,
    BOX_SCORE,
    COORDINATES,
    IMAGE_COLUMN,
    SCORE,
    UNCERTAIN,
)
from keras_hourglass.inference.output.coco import Coco17Writer, CocoWriter
from keras_hourglass.inference.sources import DRAWING_MARK
from keras_hourglass.inference.video import VideoWriter
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.utils import plural
from keras_hourglass.utils.files import atomic_write, name_write_errors
from keras_hourglass.visualization.images import save_image

FRAME_COLUMNS = ("frame", "seconds", "id")  # of videos
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")  # of drawn images
DEFAULT_IMAGE_SUFFIX, DEFAULT_VIDEO_SUFFIX = ".png", ".mp4"

logger = logging.getLogger(__name__)


class JsonLinesWriter:
    """Writes a JSON object for each image or frame, a line each, at once.

    Args:
        file: A text file opened for writing.
        skeleton: The network's skeleton.
        has_frames: Whether there are frames of videos, and not images alone.
        name_of: Function from an `InputSource` to its name in the file; see
            `RelativeNames`. Here, inputs are named as they were given.
        images: An `ImageList`, for COCO's formats alone.
    """

    def __init__(self, file, skeleton: Skeleton, has_frames: bool, name_of, images):
        self.file = file

    def write(self, result, drawing=None):
        """Writes a result.

        Args:
            result: A `FrameResult`.
            drawing: Path of the file with its drawing, if there is one.
        """
        print(json.dumps(frame_entry(result, drawing)), file=self.file, flush=True)

    def finish(self):
        """Writes what ends the file."""


def frame_entry(result, drawing=None) -> dict:
    """Converts a `FrameResult` to the object of a JSON line.

    Args:
        result: A `FrameResult`.
        drawing: Path of the file with its drawing, if there is one.

    Returns:
        `"image"`: name; `"frame"` and `"seconds"` of a frame of a video; `"drawn"`, if
        there is a drawing; `"people"`: for each person `"box"`, `"joints"`, `"scores"`,
        `"uncertain"` and `"id"` as in `Pose.to_dict`, and `"score"`, that of the box,
        if it has one.
    """
    frame = result.frame
    entry = {"image": frame.source.name}
    if frame.index is not None:
        entry |= {"frame": frame.index, "seconds": round(frame.seconds, 3)}
    if drawing is not None:
        entry["drawn"] = str(drawing)
    entry["people"] = []
    for pose in result.poses:
        person = pose.round().to_dict()
        del person["score"]  # that of a box has this name
        if "box_score" in person:
            person["score"] = person.pop("box_score")
        entry["people"].append(person)
    return entry


class CsvWriter:
    """Writes a CSV line for each person.

    For images, the columns are those of a custom dataset (`data/datasets/custom.py`),
    so that predictions can be corrected by hand and trained on. `score` is that of the
    box, empty where it has none; `id`, of videos, where people are not tracked. The
    last column, `uncertain`, names joints; see `Pose`.

    Args: See `JsonLinesWriter`.
    """

    def __init__(self, file, skeleton: Skeleton, has_frames: bool, name_of, images):
        self.has_frames, self.name_of = has_frames, name_of
        self.rows = csv.writer(file, lineterminator="\n")
        joints = [
            name + end for name in skeleton.joints for end in (*COORDINATES, SCORE)
        ]
        place = [IMAGE_COLUMN, *FRAME_COLUMNS] if has_frames else [IMAGE_COLUMN]
        self.rows.writerow([*place, *BOX_COLUMNS, BOX_SCORE, *joints, UNCERTAIN])

    def write(self, result, drawing=None):
        """Writes a result; see `JsonLinesWriter`."""
        frame, place = result.frame, [self.name_of(result.frame.source)]
        if self.has_frames:
            is_image = frame.index is None
            place += ["", ""] if is_image else [frame.index, round(frame.seconds, 3)]
        for pose in result.poses:
            pose = pose.round()
            scores = pose.scores.clip(0, 1)[:, None]
            joints = np.concatenate([pose.joints, scores], axis=1)
            person = [pose.id] if self.has_frames else []
            box = [*pose.box.tolist(), pose.box_score]
            marked = ", ".join(pose.uncertain)
            self.rows.writerow([*place, *person, *box, *joints.ravel(), marked])

    def finish(self):
        """Writes what ends the file."""


FORMATS = {
    "json": JsonLinesWriter,
    "csv": CsvWriter,
    "coco": CocoWriter,
    "coco17": Coco17Writer,
}
COCO_FORMATS = ("coco", "coco17")
FORMAT_OF_SUFFIX = {".jsonl": "json", ".csv": "csv", ".json": "coco"}


class RelativeNames:
    """Names inputs in a file of keypoints: a file by its path from the folder.

    So a table or a COCO file is a dataset, whatever the current folder is.

    Args:
        folder: Of the file of keypoints; None names inputs as they were given.

    Attributes:
        outside: Names of files that lie outside of the folder, each once.
    """

    def __init__(self, folder: Path | None):
        self.folder, self.outside = folder, {}

    def __call__(self, source) -> str:
        """Returns the name of an `InputSource`."""
        if self.folder is None or not Path(source.name).is_file():
            return source.name  # a camera, the standard input, an address
        path, start = Path(abspath(source.name)), Path(abspath(self.folder))
        if not path.is_relative_to(start):  # ".." of a linked folder is another one
            path, start = path.parent.resolve() / path.name, start.resolve()
        try:
            name = Path(relpath(path, start)).as_posix()
        except ValueError:  # another drive of Windows
            name = path.as_posix()
        if Path(name).anchor or Path(name).parts[0] == "..":
            self.outside[name] = None
        return name if name == name.strip() else f"./{name}"  # cells are stripped

    def log_outside(self, path: Path):
        """Logs the images that a dataset of the written file would not find."""
        if self.outside:
            logger.info(
                "%s outside of the folder of %s, first %s: as a dataset, it needs "
                "`images=DIR`",
                plural(len(self.outside), "image lies", "images lie"),
                *(path, next(iter(self.outside))),
            )


class _NamedFile:
    """A text file whose errors name it: several are written at a time."""

    def __init__(self, file, name):
        self.file, self.name = file, name

    def write(self, text):
        with name_write_errors(self.name):
            self.file.write(text)

    def flush(self):
        with name_write_errors(self.name):
            self.file.flush()


@contextmanager
def open_writer(
    path: Path | None, format: str, skeleton, has_frames: bool, images=None
):
    """Opens a writer of `FORMATS`.

    A file takes its name when all is written; an interruption leaves no file, or the
    old one.

    Args:
        path: Of the file; None for the standard output.
        format: A key of `FORMATS`.
        skeleton: The network's skeleton.
        has_frames: Whether there are frames of videos, and not images alone.
        images: An `ImageList` with the images' ids, for COCO's formats.
    """
    name_of, place = RelativeNames(None if path is None else path.parent), path
    with ExitStack() as stack:
        file = sys.stdout
        if path is not None:
            path = stack.enter_context(atomic_write(path))
            file = open(path, "w", encoding="utf-8", newline="")
            stack.enter_context(file)
        file = _NamedFile(file, place or "standard output")
        writer = FORMATS[format](file, skeleton, has_frames, name_of, images)
        yield writer
        writer.finish()
        if not has_frames:
            name_of.log_outside(place)


def draw_poses(result) -> np.ndarray:
    """Draws all poses of a `FrameResult` on its image, `(height, width, 3)`."""
    pixels = result.frame.pixels
    for pose in result.poses:
        pixels = pose.plot(pixels)
    return pixels


class DrawingWriter:
    """Writes the drawing of an image, or those of a video's frames as a video.

    A context manager: a file takes its name when it is whole.

    Args:
        path: Of the image or video.
    """

    def __init__(self, path: Path):
        self.path = path
        self._stack, self._video = ExitStack(), None

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def write(self, pixels, frame):
        """Writes a drawing.

        Args:
            pixels: `(height, width, 3)`, uint8, RGB.
            frame: The `InputFrame` that it shows.
        """
        if frame.index is None:
            save_image(self.path, pixels)
            return
        if self._video is None:
            name = frame.source.name
            is_file = frame.source.kind == "video" and Path(name).is_file()
            video = VideoWriter(self.path, frame.fps, name if is_file else None)
            self._video = self._stack.enter_context(video)
        self._video.write(pixels, frame.seconds)


class OutputNames:
    """Names of the drawings in a folder, each used once, in upper or lower case.

    Args:
        folder: Of all drawings.
    """

    def __init__(self, folder: Path):
        self.folder, self._used = folder, set()

    def path_of(self, source) -> Path:
        """The path for the drawing of an `InputSource`."""
        is_image = source.kind == "image"
        suffix = DEFAULT_IMAGE_SUFFIX if is_image else DEFAULT_VIDEO_SUFFIX
        stem, count = source.stem, 1
        while (name := f"{stem}{DRAWING_MARK}{suffix}").casefold() in self._used:
            count += 1
            stem = f"{source.stem}-{count}"
        self._used.add(name.casefold())  # one file where names ignore the case
        return self.folder / name
