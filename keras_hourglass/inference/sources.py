"""Which pictures, videos and cameras are meant by what somebody names."""

from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path

IMAGE_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
VIDEO_ENDINGS = {
    ".mp4",
    ".mov",
    ".avi",
    ".mkv",
    ".webm",
    ".m4v",
    ".mpg",
    ".mpeg",
    ".wmv",
}
VIDEO_ENDINGS |= {".flv", ".ts", ".mts", ".3gp", ".ogv"}
DRAWING_MARK = (
    ".joints"  # at the end of a drawing's name, so that it is not looked at again
)
STDIN = "-"


@dataclass(frozen=True)
class InputSource:
    """One picture, video or camera.

    Attributes:
        name: What it is called: the path as it was given.
        kind: "picture", "video" or "camera".
    """

    name: str
    kind: str

    @property
    def stem(self) -> str:
        """The name without folders and ending, for what is made of it."""
        if self.kind == "camera":
            return f"camera-{self.name}"
        return "stdin" if self.name == STDIN else Path(self.name).stem


def find_sources(named, say, fail) -> list[InputSource]:
    """Everything that is meant, each once, folders' and patterns' in order of names.

    Args:
        named: Paths of pictures, videos or folders; patterns as `photos/*.jpg`, where
            `**` stands for any folders; `-`, a picture on the standard input; or the
            number of a camera, where no file is called so.
        say: What to call with a note, as on what else lies in a folder.
        fail: What to call with why something that was named cannot be looked at.
    """
    found = []
    for name in map(str, named):
        if name == STDIN:
            found.append(InputSource(name, "picture"))
        elif Path(name).is_dir():
            found += _of_folder(name, say, fail)
        elif Path(name).exists() or not (name.isdecimal() or has_magic(name)):
            found.append(_of_file(name))  # one that is missing is told when it is read
        elif name.isdecimal():
            found.append(InputSource(name, "camera"))
        else:
            files = [path for path in sorted(glob(name, recursive=True)) if _file(path)]
            found += _looked_at(files, name, say)
            if not files:
                fail(f"{name} fits no file")
    once = [*dict.fromkeys(found)]
    if len(once) < len(found):
        say(f"{len(found) - len(once):,} were named twice: looked at once")
    return once


def _file(path) -> bool:
    return Path(path).is_file()


def _of_file(name):
    return InputSource(
        name, "video" if Path(name).suffix.lower() in VIDEO_ENDINGS else "picture"
    )


def _of_folder(name, say, fail):
    """What lies in a folder itself."""
    inside = sorted(path for path in Path(name).iterdir() if path.name[0] != ".")
    known = [
        p
        for p in inside
        if p.suffix.lower() in IMAGE_ENDINGS | VIDEO_ENDINGS and _file(p)
    ]
    found = _looked_at(map(str, known), name, say)
    others = len(inside) - len(known)
    others = f"{others:,} other files and folders" if others else ""
    if not found:
        fail(f"{name} holds no picture and no video" + (others and f", but {others}"))
    elif others:
        say(f"{name}: {others} are left alone")
    return found


def _looked_at(paths, name, say):
    """Files of a folder or a pattern, without what was drawn before."""
    files = [_of_file(path) for path in paths]
    found = [file for file in files if not file.stem.endswith(DRAWING_MARK)]
    if len(found) < len(files):
        drawn = f"{len(files) - len(found):,} drawings (*{DRAWING_MARK}.*)"
        say(f"{name}: {drawn} are left alone")
    return found
