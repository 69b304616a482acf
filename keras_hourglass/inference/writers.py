"""JSON, a line for each picture or frame, as soon as it was looked at.

COCO's keypoints, as its own evaluation and others read results.

https://cocodataset.org/#format-results

CSV, a line for each person.

Of pictures, the columns are those of a dataset of one's own (`data/own.py`), so that
what a network finds can be corrected by hand, and trained on.

Drawings of what was seen: a picture for each picture, a video for each video.

The kinds of data that joints are written as, and the files that hold them.
"""

import csv
import json
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from keras_hourglass.data.readers.table import BOX_COLUMNS, IMAGE_COLUMN, PLACE, SCORE
from keras_hourglass.inference.box_files import PERSON
from keras_hourglass.inference.boxes import image_id
from keras_hourglass.inference.sources import DRAWING_MARK
from keras_hourglass.inference.video import VideoWriter
from keras_hourglass.skeletons import COCO
from keras_hourglass.utils import atomic_write
from keras_hourglass.visualization.images import save_image
from keras_hourglass.visualization.skeletons import draw_skeleton


@contextmanager
def jsonl_writer(file, skeleton, frames):
    """See `formats.FORMATS`."""

    def write(seen, drawn=None):
        print(json.dumps(frame_entry(seen, drawn)), file=file, flush=True)

    yield write


def frame_entry(seen, drawn=None) -> dict:
    """What a line says: the picture, and of each person box, joints and scores.

    Args:
        seen: What was `Seen`.
        drawn: The path that it was drawn to.
    """
    said = {"picture": seen.shot.source.name}
    if seen.shot.frame is not None:
        said |= {"frame": seen.shot.frame, "seconds": round(seen.shot.seconds, 3)}
    if drawn is not None:
        said["drawn"] = str(drawn)
    people = [pose_entry(pose) for pose in seen.poses]
    if seen.certain is not None:
        people = [
            {**found, "score": round(float(score), 4)}
            for found, score in zip(people, seen.certain)
        ]
    return {**said, "people": people}


def pose_entry(pose) -> dict:
    """What is said of one person."""
    return {
        "box": pose.box.round(2).tolist(),
        "joints": dict(zip(pose.names, pose.joints.round(2).tolist())),
        "scores": dict(zip(pose.names, pose.scores.astype(float).round(4).tolist())),
    }


@contextmanager
def coco_writer(file, skeleton, frames):
    """See `formats.FORMATS`. Joints that a network does not know are 0, 0, 0.

    Raises:
        ValueError: If it knows none of COCO's, or there are frames of videos.
    """
    if frames:
        raise ValueError("COCO's keypoints are of pictures, not of videos")
    known = [name for name in COCO.joints if name in skeleton.joints]
    if not known:
        raise ValueError(
            "COCO's keypoints need a network with joints of COCO's. "
            f"Received: joints={skeleton.joints}"
        )
    theirs, ours = [*COCO.indices(known)], [*skeleton.indices(known)]
    before = "[\n"

    def write(seen, drawn=None):
        nonlocal before
        for index, pose in enumerate(seen.poses):
            keypoints = np.zeros((len(COCO.joints), 3))
            keypoints[theirs, :2] = pose.joints[ours].round(2)
            keypoints[theirs, 2] = pose.scores[ours].astype(float).round(4)
            certain = 1 if seen.certain is None else seen.certain[index]
            found = {
                "image_id": image_id(seen.shot.source.name),
                "category_id": PERSON,
                "bbox": pose.box.round(2).tolist(),
                "keypoints": keypoints.ravel().tolist(),
                "score": round(float(certain * pose.scores[ours].mean()), 4),
            }
            file.write(before + json.dumps(found))
            before = ",\n"

    yield write
    file.write("[]\n" if before == "[\n" else "\n]\n")


FRAME = "frame"


@contextmanager
def csv_writer(file, skeleton, frames):
    """See `formats.FORMATS`."""
    ends = (*PLACE, SCORE)
    joints = [name + end for name in skeleton.joints for end in ends]
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow([IMAGE_COLUMN, *[FRAME] * frames, *BOX_COLUMNS, *joints])

    def write(seen, drawn=None):
        place = [seen.shot.source.name, *[seen.shot.frame] * frames]
        for pose in seen.poses:
            scores = pose.scores.astype(float).clip(0, 1).round(4)[:, None]
            joints = np.concatenate([pose.joints.round(2), scores], axis=1)
            rows.writerow([*place, *pose.box.round(2).tolist(), *joints.ravel()])

    yield write


IMAGES = (".png", ".jpg", ".jpeg", ".webp")
IMAGE_ENDING, VIDEO_ENDING = ".png", ".mp4"  # unless somebody says otherwise


def render_frame(seen, skeleton):
    """The picture or frame with everybody's joints on it."""
    pixels = seen.shot.pixels
    for pose in seen.poses:
        pixels = draw_skeleton(pixels, pose.joints, skeleton, pose.scores)
    return pixels


@contextmanager
def open_renderer(path: Path):
    """Gives a function that takes what was drawn of one picture, video or camera.

    The file takes its name when it is whole; a stop before leaves none, or the old.

    Args:
        path: Of the drawing.
    """
    with ExitStack() as stack:
        film = None

        def take(pixels, shot):
            nonlocal film
            if shot.frame is None:
                save_image(path, pixels)
                return
            film = film or _Film(stack.enter_context(VideoWriter(path, shot.fps)))
            film.take(pixels, shot)

        yield take


class _Film:
    """Frames as they come from a video; from a camera, when each is due.

    A network may be slower than a camera: so the film is none the faster.
    """

    def __init__(self, write):
        self.write, self.count = write, 0

    def take(self, pixels, shot):
        if shot.source.kind != "camera":
            self.write(pixels)
            return
        while self.count <= shot.seconds * shot.fps:
            self.write(pixels)
            self.count += 1


class OutputNames:
    """Where drawings go, each to a name of its own.

    Args:
        folder: For all of them.
    """

    def __init__(self, folder: Path):
        self.folder, self._taken = folder, set()

    def of(self, source) -> Path:
        """The path for a `Source`'s drawing."""
        ending = IMAGE_ENDING if source.kind == "picture" else VIDEO_ENDING
        stem, count = f"{source.stem}", 1
        while (name := f"{stem}{DRAWING_MARK}{ending}") in self._taken:
            count += 1
            stem = f"{source.stem}-{count}"
        self._taken.add(name)
        return self.folder / name


# Each gives, for an open file, the skeleton, and whether there are frames of videos, a
# function that takes what was `Seen` and the path that it was drawn to, if it was.
FORMATS = {"json": jsonl_writer, "csv": csv_writer, "coco": coco_writer}
ENDINGS = {".jsonl": "json", ".csv": "csv", ".json": "coco"}


@contextmanager
def open_writer(path: Path | None, kind: str, skeleton, frames: bool):
    """Gives a function that writes what was `Seen` and its drawing's path, or None.

    A file takes its name when all is written; a stop before leaves none, or the old.

    Args:
        path: Of the file; None is the standard output, which has everything at once.
        kind: One of `FORMATS`.
        skeleton: Of the network.
        frames: Whether there are frames of videos, and not pictures alone.
    """
    if path is None:
        with FORMATS[kind](sys.stdout, skeleton, frames) as write:
            yield write
        return
    with atomic_write(path) as beside:
        with open(beside, "w", encoding="utf-8", newline="") as file:
            with FORMATS[kind](file, skeleton, frames) as write:
                yield write
