"""Input sources: images, videos and cameras from paths, patterns and folders."""

import logging
import os
import re
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from urllib.parse import urlsplit

from keras_hourglass.utils import plural
from keras_hourglass.utils.files import describe_os_error, suffix_of

IMAGE_SUFFIXES = {
    *(".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"),
    *(".heic", ".heif", ".avif"),
}
VIDEO_SUFFIXES = {
    *(".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"),
    *(".flv", ".ts", ".mts", ".3gp", ".ogv"),
}
DRAWING_MARK = ".joints"  # ends the stem of a drawing, which is not an input again
STDIN = "-"
ADDRESS_STARTS = ("http://", "https://", "rtsp://", "rtsps://")
CAMERA_PATH = re.compile(r"/dev/video(\d+)")

logger = logging.getLogger(__name__)


def is_address(name) -> bool:
    """Returns whether a name is the address of a video on the network."""
    return str(name).lower().startswith(ADDRESS_STARTS)


def camera_number(name) -> int | None:
    """Returns the number of a camera named as `/dev/video0`; None for other names."""
    match = CAMERA_PATH.fullmatch(str(name))
    return match and int(match[1])


@dataclass(frozen=True)
class InputSource:
    """One image, video or camera.

    Attributes:
        name: The path or address as it was given, "-" for the standard input, or the
            camera's number.
        kind: "image", "video" or "camera", which includes live addresses (rtsp).
    """

    name: str
    kind: str

    @classmethod
    def of_file(cls, path) -> "InputSource":
        """The source of a file, an image unless its suffix is that of a video."""
        is_video = suffix_of(path) in VIDEO_SUFFIXES
        return cls(str(path), "video" if is_video else "image")

    @property
    def stem(self) -> str:
        """The name without folders and suffix, for the names of outputs."""
        if is_address(self.name):
            parts = urlsplit(self.name)
            return Path(parts.path).stem or parts.hostname or "stream"
        if self.kind == "camera":
            return f"camera-{self.name}"
        return "stdin" if self.name == STDIN else Path(self.name).stem


def as_list(paths) -> list:
    """Returns paths as a list, of which one alone is given without a list."""
    return [paths] if isinstance(paths, (str, os.PathLike, int)) else [*paths]


class Failures:
    """Inputs that failed, logged as errors and collected.

    Args:
        strict: Raises a `ValueError` at the first failure instead.

    Attributes:
        messages: The messages so far.
        sources: Those that failed, or failed midway.
    """

    def __init__(self, strict: bool = False):
        self.strict, self.messages, self.sources = strict, [], set()

    def add(self, message: str, source: InputSource | None = None):
        """Logs and keeps a message, and the source that is not processed further."""
        if self.strict:
            raise ValueError(message)
        logger.error(message)
        self.messages.append(message)
        if source is not None:
            self.sources.add(source)


def find_sources(inputs, failures: Failures | None = None) -> list[InputSource]:
    """Finds all sources that the inputs name, each once.

    Args:
        inputs: Paths of images, videos or folders, whose subfolders are read, too,
            one or several;
            patterns such as `photos/*.jpg`, where `**` matches any folders; `-`, an
            image on the standard input;
            addresses of videos (`http://`, `https://`) and of live streams
            (`rtsp://`); the number of a camera, if no file has that name, or
            `/dev/video` and its number.
        failures: Collects inputs that match nothing; without it, they are an error.

    Returns:
        The sources; those of a folder or pattern are sorted by name.

    Raises:
        ValueError: If an input matches nothing, and there are no `failures`.
    """
    failures, found = failures or Failures(strict=True), []
    for name in map(str, as_list(inputs)):
        if not name:
            failures.add("`inputs` must not be empty. Received: inputs=''")
        elif name == STDIN:
            found.append(InputSource(name, "image"))
        elif is_address(name):
            is_live = name.lower().startswith("rtsp")
            found.append(InputSource(name, "camera" if is_live else "video"))
        elif (number := camera_number(name)) is not None:
            found.append(InputSource(str(number), "camera"))
        elif Path(name).is_dir():
            found += _sources_in_folder(name, failures)
        elif Path(name).exists() or not (name.isdecimal() or has_magic(name)):
            found.append(InputSource.of_file(name))  # a missing file fails when read
        elif name.isdecimal():
            found.append(InputSource(name, "camera"))
        else:
            paths = sorted(glob(name, recursive=True))
            paths = [path for path in paths if Path(path).is_file()]
            found += _without_drawings(paths, name)
            if not paths:
                failures.add(f"{name} matches no file")
    unique = [*dict.fromkeys(found)]
    if len(unique) < len(found):
        repeated = len(found) - len(unique)
        inputs = plural(repeated, "input is", "inputs are")
        logger.info("%s repeated and used once", inputs)
    return unique


def _sources_in_folder(folder, failures):
    """Finds the images and videos in a folder and its subfolders, but hidden ones."""
    paths, links = [], 0
    for place, inner, names in os.walk(
        folder, onerror=lambda error: failures.add(describe_os_error(error))
    ):
        inner[:] = [name for name in inner if name[0] != "."]
        links += sum(Path(place, name).is_symlink() for name in inner)
        paths += [Path(place, name) for name in names if name[0] != "."]
    known = [
        path
        for path in sorted(paths)
        if suffix_of(path) in IMAGE_SUFFIXES | VIDEO_SUFFIXES and path.is_file()
    ]
    found = _without_drawings(known, folder)
    others = len(paths) - len(known)
    others = plural(others, "other file", "other files") if others else ""
    if not found:
        failures.add(f"{folder} has no image and no video" + (others and f", {others}"))
    elif others:
        logger.info("%s: %s ignored", folder, others)
    if inner := sum(Path(each.name).parent != Path(folder) for each in found):
        count = f"{inner:,} of {len(found):,}"
        logger.info("%s: %s images and videos are in its subfolders", folder, count)
    if links:
        links = plural(links, "linked folder is", "linked folders are")
        logger.info("%s: %s not read", folder, links)
    return found


def _without_drawings(paths, name):
    """The sources of files, without the drawings of an earlier run."""
    sources = [*map(InputSource.of_file, paths)]
    found = [each for each in sources if not each.stem.endswith(DRAWING_MARK)]
    if drawings := len(sources) - len(found):
        count = plural(drawings, "drawing", "drawings")
        logger.info("%s: %s (*%s.*) ignored", name, count, DRAWING_MARK)
    return found
