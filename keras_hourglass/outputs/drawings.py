"""Drawings of what was seen: a picture for each picture, a video for each video."""

from contextlib import ExitStack, contextmanager
from pathlib import Path

from keras_hourglass import draw
from keras_hourglass.inputs.naming import DRAWN
from keras_hourglass.replacing import replacing
from keras_hourglass.video import recording

IMAGES = (".png", ".jpg", ".jpeg", ".webp")
PICTURE, VIDEO = ".png", ".mp4"  # unless somebody says otherwise


def drawn(seen, skeleton):
    """The picture or frame with everybody's joints on it."""
    pixels = seen.shot.pixels
    for pose in seen.poses:
        pixels = draw.skeleton(pixels, pose.joints, skeleton, pose.scores)
    return pixels


@contextmanager
def drawing(path: Path):
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
                save(path, pixels)
                return
            film = film or _Film(stack.enter_context(recording(path, shot.fps)))
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


def save(path: Path, pixels):
    """Writes a picture, of the kind that the path's ending says."""
    data = draw.encoded(pixels, path.suffix)
    with replacing(path) as beside:
        beside.write_bytes(data)


class Places:
    """Where drawings go, each to a name of its own.

    Args:
        folder: For all of them.
    """

    def __init__(self, folder: Path):
        self.folder, self._taken = folder, set()

    def of(self, source) -> Path:
        """The path for a `Source`'s drawing."""
        ending = PICTURE if source.kind == "picture" else VIDEO
        stem, count = f"{source.stem}", 1
        while (name := f"{stem}{DRAWN}{ending}") in self._taken:
            count += 1
            stem = f"{source.stem}-{count}"
        self._taken.add(name)
        return self.folder / name
